// Package deploy holds what lies in the folder deploy/ to the program: its tests compare every metric, permission, port and
// stop time that dashboards, alerts, the CloudFormation template, the systemd unit and the Kubernetes manifest rely on with
// the code. What other projects own, PromQL and CloudFormation's resource types, is checked by their own libraries.
package deploy
