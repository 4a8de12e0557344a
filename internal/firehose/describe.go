package firehose

import "strings"

// described reads a DeliveryStreamDescription. It is CreateDeliveryStream's input with other words around it.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html
func described(tree any) Found {
	m, _ := tree.(map[string]any)
	out := make(map[string]any)
	for name, v := range m {
		switch name {
		case "Source":
			source, _ := v.(map[string]any)
			for name, v := range source {
				out[strings.Replace(name, "SourceDescription", "SourceConfiguration", 1)] = v
			}
		case "Destinations":
			list, _ := v.([]any)
			for _, item := range list {
				destination, _ := item.(map[string]any)
				for name, v := range destination {
					if name != "DestinationId" {
						out[strings.Replace(name, "DestinationDescription", "DestinationConfiguration", 1)] = inputNames(v)
					}
				}
			}
		case "DeliveryStreamEncryptionConfiguration":
			encryption, _ := v.(map[string]any)
			if encryption["Status"] == "ENABLED" {
				out["DeliveryStreamEncryptionConfigurationInput"] = map[string]any{"KeyARN": encryption["KeyARN"], "KeyType": encryption["KeyType"]}
			}
		case "DeliveryStreamStatus", "VersionId", "CreateTimestamp", "LastUpdateTimestamp", "HasMoreDestinations", "FailureDescription":
		default:
			out[name] = v
		}
	}
	return decoded("describe-delivery-stream", out)
}

// inputNames gives the backup of a destination its name in the input.
func inputNames(v any) any {
	m, ok := v.(map[string]any)
	if ok && m["S3BackupDescription"] != nil {
		m["S3BackupConfiguration"] = m["S3BackupDescription"]
		delete(m, "S3BackupDescription")
	}
	return v
}
