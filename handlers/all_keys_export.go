package handlers

import (
	"bufio"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// chunkTimeout is how long a reader of an export may take for a part of it. The
// server's limit for a whole answer would cut a long one off.
const chunkTimeout = 30 * time.Second

// exportHead names the columns of an export.
var exportHead = []string{"Id", "Purpose", "Key", "Status", "Owner", "Owner name", "Owner id", "Owner kind",
	"Created", "Expires", "Last used", "Last used from", "Revoked",
	"Access level", "Services", "Allowed networks", "Denied networks"}

// Export sends all keys that the list's filters choose, in its order, as a file
// for spreadsheets. It is written while it is read from the database, so that a
// million keys take no memory.
func (h *AllKeys) Export(c echo.Context) error {
	q, err := h.query(c)
	if err != nil {
		return err
	}
	if refusal := models.InvalidInput(q.problems); refusal != nil {
		return refusal
	}
	w, begun := bufio.NewWriter(c.Response()), false
	control := http.NewResponseController(c.Response())
	err = h.Store.EachKey(c.Request().Context(), q.selection, q.search.Order, func(keys []models.OwnedKey) error {
		if !begun {
			begun = true
			beginFile(c, "api-keys-"+models.DateIn(q.selection.At, zoneOf(c)).String()+".csv")
			writeRecord(w, exportHead)
		}
		for _, k := range keys {
			writeRecord(w, exportRecord(k, q.selection.At))
		}
		control.SetWriteDeadline(time.Now().Add(chunkTimeout)) // not every connection has one
		return w.Flush()
	})
	return err
}

func beginFile(c echo.Context, name string) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/csv; charset=utf-8; header=present")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	c.Response().WriteHeader(http.StatusOK)
}

// writeRecord quotes each cell: what needs it is decided differently by every
// reader. An error stays in the writer and comes out when it is flushed.
func writeRecord(w *bufio.Writer, cells []string) {
	for i, cell := range cells {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteByte('"')
		w.WriteString(strings.ReplaceAll(models.CSVCell(cell), `"`, `""`))
		w.WriteByte('"')
	}
	w.WriteString("\r\n")
}

func exportRecord(k models.OwnedKey, now time.Time) []string {
	kind := "Person"
	if k.Owner.IsService {
		kind = "Service account"
	}
	return []string{k.ID, k.Purpose, k.Hint(), exportStatus[k.Status(now)], k.Owner.Username, k.Owner.Name(), k.Owner.PublicID(), kind,
		machine(k.CreatedAt), machine(k.ExpiresAt), machineOr(k.LastUsedAt), k.LastUsedIP, machineOr(k.RevokedAt),
		string(k.Level), strings.Join(k.Services, " "), strings.Join(k.Allowed.Texts(), " "), strings.Join(k.Denied.Texts(), " ")}
}

var exportStatus = map[models.KeyStatus]string{
	models.KeyUsable: "Usable", models.KeyExpiresSoon: "Expires soon", models.KeyExpired: "Expired", models.KeyRevoked: "Revoked",
}

// machineOr writes a time for programs, and nothing for none.
func machineOr(t *time.Time) string {
	if t == nil {
		return ""
	}
	return machine(*t)
}
