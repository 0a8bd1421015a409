package egress

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// looksNumeric reports the last part of a host by which the URL standard takes
// it for an IPv4 address.
func looksNumeric(part string) bool {
	if part == "" {
		return false
	}
	if strings.Trim(part, "0123456789") == "" {
		return true
	}
	_, err := strconv.ParseUint(part, 0, 64)
	return err == nil && (strings.HasPrefix(part, "0x") || strings.HasPrefix(part, "0X"))
}

// oldAddress reads IPv4 as inet_aton does: the last of fewer than four numbers
// fills the bytes that are left. It returns the zero Addr for what is none.
func oldAddress(parts []string) netip.Addr {
	if len(parts) > 4 {
		return netip.Addr{}
	}
	var value uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(octal(part), 0, 64)
		room := uint(8)
		if i == len(parts)-1 {
			room = uint(8 * (5 - len(parts)))
		}
		if err != nil || n >= 1<<room {
			return netip.Addr{}
		}
		value = value<<room | n
	}
	var four [4]byte
	binary.BigEndian.PutUint32(four[:], uint32(value))
	return netip.AddrFrom4(four)
}

// octal writes a number with a leading zero as Go does.
func octal(part string) string {
	if len(part) > 1 && part[0] == '0' && strings.Trim(part, "01234567") == "" {
		return "0o" + part[1:]
	}
	return part
}
