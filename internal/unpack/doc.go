// Package unpack reads objects in every codec that the sink writes, for verify and for tests. It is as strict as the
// strictest readers: nothing may stand before, between or behind what a format has, and no block may be larger than the
// readers' buffers. Its Snappy decoder, the two framings around it and the archive's are written from their descriptions,
// deflate is the standard library's, and zstd's decoder is that of the library that wrote it.
package unpack
