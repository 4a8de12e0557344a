package embedded

import (
	"os"
	"strings"
)

// Region is that of the servers.
const Region = "us-east-1"

// credentials let the AWS SDK sign its requests to the embedded servers, which look at no signature.
var credentials = []string{
	"AWS_SECRET_ACCESS_KEY=embedded",
	"AWS_REGION=" + Region,
	"AWS_EC2_METADATA_DISABLED=true",
	"AWS_CONFIG_FILE=" + os.DevNull,
	"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
}

// personal says whether a variable would lead to the user's own account or settings.
func personal(variable string) bool {
	return strings.HasPrefix(variable, "AWS_") || strings.HasPrefix(variable, "STANDPIPE_")
}

const accessKeyID = "AWS_ACCESS_KEY_ID="

// Environment is the environment of a process that works with the servers, under an access key that tells them who asks.
func Environment(accessKey string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !personal(v) {
			env = append(env, v)
		}
	}
	return append(append(env, credentials...), accessKeyID+accessKey)
}

// Enter gives this process such an environment, until leave is called.
func Enter(accessKey string) (leave func()) {
	var before []string
	for _, v := range os.Environ() {
		if personal(v) {
			before = append(before, v)
			name, _, _ := strings.Cut(v, "=")
			_ = os.Unsetenv(name)
		}
	}
	own := append([]string{accessKeyID + accessKey}, credentials...)
	set(own)
	return func() {
		for _, v := range own {
			name, _, _ := strings.Cut(v, "=")
			_ = os.Unsetenv(name)
		}
		set(before)
	}
}

func set(env []string) {
	for _, v := range env {
		name, text, _ := strings.Cut(v, "=")
		_ = os.Setenv(name, text)
	}
}
