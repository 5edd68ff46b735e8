package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
)

// floor is the least that a server with a socket for each leg does by the means
// of package net: a goroutine reads each packet and sends one like it back.
type floor struct {
	sockets []*net.UDPConn
	group   sync.WaitGroup
}

func newFloor(count int) (*floor, error) {
	f := &floor{}
	for range count {
		socket, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
		if err != nil {
			f.close()
			return nil, err
		}
		f.sockets = append(f.sockets, socket)
		f.group.Go(func() { echo(socket) })
	}
	return f, nil
}

func echo(socket *net.UDPConn) {
	buffer := make([]byte, datagram)
	for {
		n, from, err := socket.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			_, err = socket.WriteToUDPAddrPort(buffer[:n], from)
		}
		if err != nil && !errors.Is(err, net.ErrClosed) {
			fmt.Fprintln(os.Stderr, "floor:", err)
		}
	}
}

func (f *floor) ports() []uint16 {
	var all []uint16
	for _, socket := range f.sockets {
		all = append(all, socket.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	}
	return all
}

func (f *floor) close() {
	for _, socket := range f.sockets {
		_ = socket.Close()
	}
	f.group.Wait()
}
