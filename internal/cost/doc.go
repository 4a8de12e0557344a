// Package cost reckons what a month of a stream costs with Firehose and with Standpipe, side by side, from list prices
// that can be replaced. Everything here is pure: nothing is read, asked or measured, so that each rule of the bill can be
// held by a test with a figure worked by hand. docs/cost.md explains the method and names the page of each price.
package cost
