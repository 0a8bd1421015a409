//go:build proxies

package proxytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// publicHost is the name of the service in all recipes.
const publicHost = "billing.example.com"

// authority is a certificate authority with one certificate, for the proxy as
// well as for Keyport.
type authority struct {
	pool          *x509.CertPool
	ca, cert, key []byte // PEM
	leaf          tls.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	caKey, key := newKey(t), newKey(t)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority of a test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	// HAProxy looks for the address among the names.
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: publicHost}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames: []string{publicHost, "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a := authority{pool: x509.NewCertPool(), ca: block("CERTIFICATE", caDER), cert: block("CERTIFICATE", leafDER), key: block("PRIVATE KEY", keyDER)}
	a.pool.AppendCertsFromPEM(a.ca)
	if a.leaf, err = tls.X509KeyPair(a.cert, a.key); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// write puts the files into a folder, where the programs find them.
func (a authority) write(t *testing.T, dir string) {
	t.Helper()
	both := append(append([]byte{}, a.cert...), a.key...)
	for name, text := range map[string][]byte{"ca.pem": a.ca, "cert.pem": a.cert, "key.pem": a.key, "both.pem": both} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
