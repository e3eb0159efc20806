// SPDX-License-Identifier: Apache-2.0

// psa asks go-cose about PSA and CCA tokens: COSE_Sign1 and its signature.
// Which keys and which nonce are compared here; what else the claims must be is
// not.
package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"

	"opinions/ask"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// Keys of RFC 9783 and of PSA_IOT_PROFILE_1; of Realm Management Monitor, A7.2.
var nonces, instances = []int64{10, -75008}, []int64{256, -75009}

const (
	platformToken, realmToken = 44234, 44241
	realmKey, realmKeyHash    = 44237, 44240
)

type claimSet map[int64]any

func (c claimSet) bytes(keys ...int64) []byte {
	for _, key := range keys {
		if value, ok := c[key].([]byte); ok {
			return value
		}
	}
	return nil
}

// Signed claims, and the token that they are of.
func read(data []byte) (token cose.Sign1Message, claims claimSet, err error) {
	if err = token.UnmarshalCBOR(data); err != nil {
		return token, nil, err
	}
	reader, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF}.DecMode()
	if err == nil {
		err = reader.Unmarshal(token.Payload, &claims)
	}
	return token, claims, err
}

func verify(token cose.Sign1Message, key crypto.PublicKey) error {
	alg, err := token.Headers.Protected.Algorithm()
	if err != nil {
		return err
	}
	verifier, err := cose.NewVerifier(alg, key)
	if err != nil {
		return err
	}
	return token.Verify(nil, verifier)
}

// One token by a registered key.
func registered(q *ask.Question, data []byte) (claimSet, error) {
	token, claims, err := read(data)
	if err != nil {
		return nil, err
	}
	id := hex.EncodeToString(claims.bytes(instances...))
	key, ok := q.Keys[id]
	if !ok {
		return nil, errors.New("no key for " + id)
	}
	public, err := x509.ParsePKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return claims, verify(token, public)
}

// A realm's key: a point of P-384, or a COSE_Key.
func keyOf(data []byte) (crypto.PublicKey, error) {
	var key struct {
		X []byte `cbor:"-2,keyasint"`
		Y []byte `cbor:"-3,keyasint"`
	}
	if len(data) == 97 && data[0] == 4 {
		key.X, key.Y = data[1:49], data[49:]
	} else if err := cbor.Unmarshal(data, &key); err != nil {
		return nil, err
	}
	public := &ecdsa.PublicKey{Curve: elliptic.P384(),
		X: new(big.Int).SetBytes(key.X), Y: new(big.Int).SetBytes(key.Y)}
	if !public.Curve.IsOnCurve(public.X, public.Y) {
		return nil, errors.New("a realm's key that is not on P-384")
	}
	return public, nil
}

// The realm's claims of a collection: by the key that the platform vouches for.
func realm(q *ask.Question, parts map[int64][]byte) (claimSet, error) {
	platform, err := registered(q, parts[platformToken])
	if err != nil {
		return nil, err
	}
	token, claims, err := read(parts[realmToken])
	if err != nil {
		return nil, err
	}
	data := claims.bytes(realmKey)
	hash := sha256.Sum256(data)
	sum := hash[:]
	if claims[realmKeyHash] == "sha-512" {
		long := sha512.Sum512(data)
		sum = long[:]
	}
	if !bytes.Equal(platform.bytes(nonces...), sum) {
		return nil, errors.New("a key that the platform does not name")
	}
	key, err := keyOf(data)
	if err != nil {
		return nil, err
	}
	return claims, verify(token, key)
}

// The tokens of a collection: as they are (399), or in wrappers (907).
func partsOf(tag cbor.RawTag) (parts map[int64][]byte, err error) {
	if tag.Number == 399 {
		return parts, cbor.Unmarshal(tag.Content, &parts)
	}
	var wrapped map[int64]struct {
		_    struct{} `cbor:",toarray"`
		Type uint64
		Data []byte
	}
	if err = cbor.Unmarshal(tag.Content, &wrapped); err != nil {
		return nil, err
	}
	parts = map[int64][]byte{}
	for label, wrapper := range wrapped {
		parts[label] = wrapper.Data
	}
	return parts, nil
}

func judge(q *ask.Question) error {
	var tag cbor.RawTag
	var claims claimSet
	err := cbor.Unmarshal(q.Token, &tag)
	if err == nil && (tag.Number == 399 || tag.Number == 907) {
		var parts map[int64][]byte
		if parts, err = partsOf(tag); err != nil {
			return err
		}
		claims, err = realm(q, parts)
	} else {
		claims, err = registered(q, q.Token)
	}
	if err == nil && q.Expected != nil &&
		!bytes.Equal(claims.bytes(nonces...), *q.Expected) {
		err = errors.New("another nonce")
	}
	return err
}

func main() {
	ask.Main(judge)
}
