// Package spoil makes memory that is given back useless in builds with the race detector, so that tests find whoever still
// reads it. In other builds it does nothing.
package spoil
