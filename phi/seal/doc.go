// Package seal keeps protected files so that nobody reads them who hasn't their key,
// and nobody changes them unnoticed.
//
// A sealed file is a row of pieces, each encrypted and authenticated for itself with
// AES-256-GCM under the file's own key (the STREAM construction of Hoang, Reyhanitabar,
// Rogaway and Vizár, 2015): a piece's number and whether it is the last one are a part
// of it. So pieces can't be changed, left out, swapped or taken from another file, and
// a file that was cut off is known to be. What was written before a crash can be read
// up to the last whole piece.
//
//	w, err := seal.NewWriter(file, key, "recording 0190…")
//	_, err = w.Write(sound)                      // one piece, or some
//	err = w.Close()                              // the mark of the end
//	r, err := seal.NewReader(file, size, key, "recording 0190…")
//
// Keys are 32 random bytes. A file's key lies sealed under another one (Wrap), which
// lies in a file of its own (ReadKey, MakeKey): whoever destroys the sealed key has
// destroyed the file.
//
// What lives here: the formats and the key files. What must not: what is sealed, and
// who may open it.
package seal
