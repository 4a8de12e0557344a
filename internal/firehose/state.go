package firehose

import "fmt"

// fromShow reads what `terraform show -json` prints, of a state or of a plan.
// https://developer.hashicorp.com/terraform/internals/json-format
func fromShow(m map[string]any) []Found {
	values := m["values"]
	if planned, ok := m["planned_values"]; ok && planned != nil {
		values = planned
	}
	top, _ := values.(map[string]any)
	return fromValues(top["root_module"])
}

func fromValues(v any) (found []Found) {
	module, _ := v.(map[string]any)
	resources, _ := module["resources"].([]any)
	for _, item := range resources {
		resource, _ := item.(map[string]any)
		arguments, ok := resource["values"].(map[string]any)
		if ok && resource["type"] == resourceType && resource["mode"] != "data" {
			found = append(found, fromArguments(toText(resource["address"]), arguments))
		}
	}
	children, _ := module["child_modules"].([]any)
	for _, child := range children {
		found = append(found, fromValues(child)...)
	}
	return found
}

// fromState reads a state file, terraform.tfstate, in the form that Terraform has written since 0.12.
func fromState(m map[string]any) (found []Found) {
	resources, _ := m["resources"].([]any)
	for _, item := range resources {
		resource, _ := item.(map[string]any)
		if resource["type"] != resourceType || resource["mode"] == "data" {
			continue
		}
		address := resourceType + "." + toText(resource["name"])
		if module := toText(resource["module"]); module != "" {
			address = module + "." + address
		}
		instances, _ := resource["instances"].([]any)
		for i, item := range instances {
			instance, _ := item.(map[string]any)
			arguments, ok := instance["attributes"].(map[string]any)
			if !ok {
				continue
			}
			at := address
			if key := toText(instance["index_key"]); key != "" {
				at = fmt.Sprintf("%s[%q]", address, key)
			} else if len(instances) > 1 {
				at = fmt.Sprintf("%s[%d]", address, i)
			}
			found = append(found, fromArguments(at, arguments))
		}
	}
	return found
}
