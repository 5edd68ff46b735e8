package operations

import "syscall"

// peerOf is the user at the other end of a Unix socket, -1 if that can't be told.
func peerOf(descriptor int) int {
	credentials, err := syscall.GetsockoptUcred(descriptor, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return -1
	}
	return int(credentials.Uid)
}
