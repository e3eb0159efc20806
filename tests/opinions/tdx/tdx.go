// SPDX-License-Identifier: Apache-2.0

// tdx asks go-tdx-guest, and stands in for the network with the case's own
// collateral.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"

	"opinions/ask"

	"github.com/google/go-tdx-guest/abi"
	"github.com/google/go-tdx-guest/validate"
	"github.com/google/go-tdx-guest/verify"
)

type service struct {
	c     *ask.Collateral
	chain string // of the PCK CRL's issuer
}

func pemOf(certs ...[]byte) string {
	var text strings.Builder
	for _, der := range certs {
		_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	return url.QueryEscape(text.String())
}

func (s service) Get(from string) (map[string][]string, []byte, error) {
	var signing [][]byte
	for _, der := range s.c.SigningChain {
		signing = append(signing, der)
	}
	chain := []string{pemOf(signing...)}
	switch {
	case strings.Contains(from, "/pckcrl?"):
		return map[string][]string{"Sgx-Pck-Crl-Issuer-Chain": {s.chain}},
			s.c.PCKCRL, nil
	case strings.Contains(from, "/tcb?"):
		return map[string][]string{"Tcb-Info-Issuer-Chain": chain},
			[]byte(s.c.TCBInfo), nil
	case strings.HasSuffix(from, "/qe/identity"):
		return map[string][]string{"Sgx-Enclave-Identity-Issuer-Chain": chain},
			[]byte(s.c.QEIdentity), nil
	}
	return nil, s.c.RootCRL, nil
}

// The PCK's issuer and the root, out of the PEM in a quote.
func issuers(quote []byte) string {
	var certs [][]byte
	at := strings.Index(string(quote), "-----BEGIN")
	if at < 0 {
		return ""
	}
	for rest := quote[at:]; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certs = append(certs, block.Bytes)
	}
	if len(certs) < 2 {
		return ""
	}
	return pemOf(certs[1:]...)
}

func with(q *ask.Question, c *ask.Collateral) error {
	pool := x509.NewCertPool()
	for _, anchor := range q.Anchors {
		cert, err := x509.ParseCertificate(anchor)
		if err != nil {
			return err
		}
		pool.AddCert(cert)
	}
	at := q.Time()
	options := &verify.Options{TrustedRoots: pool, Now: &verify.TimeSet{
		PckCertChain: at, TcbInfo: at, QeIdentity: at, PckCrl: at,
		RootCaCrl: at}}
	if c != nil {
		options.GetCollateral, options.CheckRevocations = true, true
		options.Getter = service{c, issuers(q.Quote)}
	}
	quote, err := abi.QuoteToProto(q.Quote)
	if err != nil {
		return err
	}
	if err = verify.TdxQuote(quote, options); err != nil {
		return err
	}
	wanted := &validate.Options{}
	if q.Expected != nil {
		wanted.TdQuoteBodyOptions.ReportData = *q.Expected
	}
	return validate.TdxQuote(quote, wanted)
}

func judge(q *ask.Question) error {
	if q.May("missing-collateral") {
		return with(q, nil)
	}
	err := errors.New("no collateral")
	for i := range q.Collateral {
		if err = with(q, &q.Collateral[i]); err == nil {
			return nil
		}
	}
	return err
}

func main() {
	ask.Main(judge)
}
