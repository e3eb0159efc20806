// SPDX-License-Identifier: Apache-2.0

// psa asks go-cose about PSA tokens: COSE_Sign1 and its signature.  Which key
// and which nonce are compared here; what else the claims must be is not.
package main

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"errors"

	"opinions/ask"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// Keys of RFC 9783 and of PSA_IOT_PROFILE_1.
var nonces, instances = []int64{10, -75008}, []int64{256, -75009}

func claim(claims map[int64]any, keys []int64) []byte {
	for _, key := range keys {
		if value, ok := claims[key].([]byte); ok {
			return value
		}
	}
	return nil
}

func judge(q *ask.Question) error {
	var token cose.Sign1Message
	if err := token.UnmarshalCBOR(q.Token); err != nil {
		return err
	}
	reader, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF}.DecMode()
	if err != nil {
		return err
	}
	var claims map[int64]any
	if err = reader.Unmarshal(token.Payload, &claims); err != nil {
		return err
	}
	id := hex.EncodeToString(claim(claims, instances))
	key, ok := q.Keys[id]
	if !ok {
		return errors.New("no key for " + id)
	}
	public, err := x509.ParsePKIXPublicKey(key)
	if err != nil {
		return err
	}
	alg, err := token.Headers.Protected.Algorithm()
	if err != nil {
		return err
	}
	verifier, err := cose.NewVerifier(alg, public)
	if err != nil {
		return err
	}
	if err = token.Verify(nil, verifier); err != nil {
		return err
	}
	if q.Expected != nil && !bytes.Equal(claim(claims, nonces), *q.Expected) {
		return errors.New("another nonce")
	}
	return nil
}

func main() {
	ask.Main(judge)
}
