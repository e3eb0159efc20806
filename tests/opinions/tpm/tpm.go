// SPDX-License-Identifier: Apache-2.0

// tpm asks go-tpm-tools.
package main

import (
	"crypto"
	"crypto/x509"
	"fmt"

	"opinions/ask"

	"github.com/google/go-tpm-tools/proto/attest"
	pb "github.com/google/go-tpm-tools/proto/tpm"
	"github.com/google/go-tpm-tools/server"
)

var banks = map[string]pb.HashAlgo{
	"sha1":   pb.HashAlgo_SHA1,
	"sha256": pb.HashAlgo_SHA256,
	"sha384": pb.HashAlgo_SHA384,
	"sha512": pb.HashAlgo_SHA512,
}

func certificates(chain []ask.Bytes) (certs []*x509.Certificate, err error) {
	for _, der := range chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// A registered key, or a certified one and the roots.
func believed(q *ask.Question, a *attest.Attestation) (o server.VerifyOpts, err error) {
	if len(q.AKChain) > 0 {
		a.AkCert = q.AKChain[0]
		o.TrustedRootCerts, err = certificates(q.Anchors)
		if err == nil {
			o.IntermediateCerts, err = certificates(q.AKChain[1:])
		}
		return o, err
	}
	key, err := x509.ParsePKIXPublicKey(q.Key)
	a.AkPub = q.AK
	o.TrustedAKs = []crypto.PublicKey{key}
	return o, err
}

func judge(q *ask.Question) error {
	pcrs := &pb.PCRs{Pcrs: map[uint32][]byte{}}
	for bank, values := range q.PCRs {
		hash, ok := banks[bank]
		if !ok {
			return fmt.Errorf("bank %s", bank)
		}
		pcrs.Hash = hash
		for index, value := range values {
			pcrs.Pcrs[index] = value
		}
	}
	a := &attest.Attestation{
		Quotes: []*pb.Quote{{Quote: q.Quote, RawSig: q.Signature,
			Pcrs: pcrs}},
		EventLog: q.EventLog,
	}
	options, err := believed(q, a)
	if err != nil {
		return err
	}
	if q.Expected != nil {
		options.Nonce = *q.Expected
	}
	// It means banks by that; a SHA-1 signature it does not look for.
	options.AllowSHA1 = pcrs.Hash == pb.HashAlgo_SHA1
	_, err = server.VerifyAttestation(a, options)
	return err
}

func main() {
	ask.Main(judge)
}
