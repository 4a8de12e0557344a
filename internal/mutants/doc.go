// Package mutants proves that the proof can see: each mutant breaks one rule of the commit protocol in the
// source, and the randomised simulation or the crash enumeration has to fail. A rule that something else guards
// as well has a mutant that takes both guards away. A mutant whose text is not in the source any more is a
// failure, so that the list keeps up with the code.
package mutants
