package views

import (
	"strconv"
	"strings"

	"rsc.io/qr"
)

// QR is a QR code as one path of an SVG drawing. Side is the width of the
// drawing in modules, with the quiet zone that scanners need.
type QR struct {
	Side int
	Path string
}

// quietZone is the white border, in modules, that the standard asks for.
const quietZone = 4

// NewQR encodes a text.
func NewQR(text string) (QR, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return QR{}, err
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if !code.Black(x, y) {
				continue
			}
			run := 1
			for code.Black(x+run, y) {
				run++
			}
			path.WriteString("M" + strconv.Itoa(x+quietZone) + " " + strconv.Itoa(y+quietZone) + "h" + strconv.Itoa(run) + "v1h-" + strconv.Itoa(run) + "z")
			x += run
		}
	}
	return QR{code.Size + 2*quietZone, path.String()}, nil
}

func (q QR) viewBox() string {
	side := strconv.Itoa(q.Side)
	return "0 0 " + side + " " + side
}

// ground is the white square below the code: scanners need it also where the
// page is dark.
func (q QR) ground() string {
	side := strconv.Itoa(q.Side)
	return "M0 0h" + side + "v" + side + "h-" + side + "z"
}

func lines(texts []string) string { return strings.Join(texts, "\n") }
