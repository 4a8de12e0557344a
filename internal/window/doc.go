// Package window fits text to a terminal's window. What changes in place, such as a status that is watched or a line of
// progress, must keep to its rows: a line that is too long is cut with a mark that it was, since a terminal that cuts by
// itself writes the rest over the last column; sentences are wrapped. It knows nothing of what is shown.
package window
