// SPDX-License-Identifier: Apache-2.0

// snp asks go-sev-guest: signature, chain, CRL and what the certificate says of
// the chip.  Which guests are wanted is left to policy here as there, so its
// own policy is as wide as it can be.
package main

import (
	"crypto/x509"
	"errors"

	"opinions/ask"

	"github.com/google/go-sev-guest/abi"
	pb "github.com/google/go-sev-guest/proto/sevsnp"
	"github.com/google/go-sev-guest/validate"
	"github.com/google/go-sev-guest/verify"
	"github.com/google/go-sev-guest/verify/trust"
)

type nowhere struct{}

func (nowhere) Get(string) ([]byte, error) {
	return nil, errors.New("no network")
}

// AMD's processor lines; the judge picks by what report or certificate say.
var lines = []string{"Milan", "Genoa", "Turin"}

func roots(q *ask.Question, vlek bool) (map[string][]*trust.AMDRootCerts, error) {
	all := map[string][]*trust.AMDRootCerts{}
	for _, anchor := range q.Anchors {
		ark, err := x509.ParseCertificate(anchor)
		if err != nil {
			return nil, err
		}
		certs := &trust.ProductCerts{Ark: ark}
		if len(q.Certificates) > 1 {
			issuer, err := x509.ParseCertificate(q.Certificates[1])
			if err != nil {
				return nil, err
			}
			if vlek {
				certs.Asvk = issuer
			}
			// The revocation check looks at the ASK alone.
			certs.Ask = issuer
		}
		for _, line := range lines {
			root := trust.AMDRootCertsProduct(line)
			root.ProductCerts = certs
			if len(q.CRLs) > 0 {
				root.CRL, err = x509.ParseRevocationList(q.CRLs[0])
				if err != nil {
					return nil, err
				}
			}
			all[line] = append(all[line], root)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no anchors")
	}
	return all, nil
}

func judge(q *ask.Question) error {
	report, err := abi.ReportToProto(q.Report)
	if err != nil {
		return err
	}
	info, err := abi.ParseSignerInfo(report.GetSignerInfo())
	if err != nil {
		return err
	}
	vlek := info.SigningKey == abi.VlekReportSigner
	chain := &pb.CertificateChain{Extras: map[string][]byte{}}
	if len(q.Certificates) > 0 && vlek {
		chain.VlekCert = q.Certificates[0]
	} else if len(q.Certificates) > 0 {
		chain.VcekCert = q.Certificates[0]
	}
	trusted, err := roots(q, vlek)
	if err != nil {
		return err
	}
	attestation := &pb.Attestation{Report: report, CertificateChain: chain}
	if err = verify.SnpAttestation(attestation, &verify.Options{
		CheckRevocations:    len(q.CRLs) > 0,
		DisableCertFetching: true,
		Getter:              nowhere{},
		Now:                 q.Time(),
		TrustedRoots:        trusted,
	}); err != nil {
		return err
	}
	options := &validate.Options{
		GuestPolicy: abi.SnpPolicy{SMT: true, MigrateMA: true,
			Debug: true, CXLAllowed: true},
		PermitProvisionalFirmware: true,
	}
	if q.Expected != nil {
		options.ReportData = *q.Expected
	}
	return validate.SnpAttestation(attestation, options)
}

func main() {
	ask.Main(judge)
}
