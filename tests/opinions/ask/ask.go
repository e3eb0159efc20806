// SPDX-License-Identifier: Apache-2.0

// Package ask is what the judges written in Go share: opinions.py writes
// questions to a file, a judge prints an answer a line.
package ask

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// Bytes is base64url without padding in JSON, Hex is hexadecimal.
type Bytes []byte
type Hex []byte

func (b *Bytes) UnmarshalJSON(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(strings.Trim(string(text), `"`))
	return err
}

func (h *Hex) UnmarshalJSON(text []byte) (err error) {
	*h, err = hex.DecodeString(strings.Trim(string(text), `"`))
	return err
}

// Collateral is Intel's, texts exactly as its service gave them.
type Collateral struct {
	TCBInfo      string  `json:"tcb_info"`
	QEIdentity   string  `json:"qe_identity"`
	SigningChain []Bytes `json:"tcb_signing_chain"`
	RootCRL      Bytes   `json:"root_crl"`
	PCKCRL       Bytes   `json:"pck_crl"`
}

// Question is a case: what was sent, what to believe, when, and for what.
type Question struct {
	Name         string                    `json:"case"`
	Quote        Bytes                     `json:"quote"`
	Report       Bytes                     `json:"report"`
	Token        Bytes                     `json:"token"`
	Certificates []Bytes                   `json:"certificates"`
	Anchors      []Bytes                   `json:"anchors"`
	CRLs         []Bytes                   `json:"crls"`
	Collateral   []Collateral              `json:"collateral"`
	Allow        []string                  `json:"allow"`
	AK           Bytes                     `json:"ak_public"`
	Signature    Bytes                     `json:"quote_signature"`
	PCRs         map[string]map[uint32]Hex `json:"pcrs"`
	AKChain      []Bytes                   `json:"ak_chain"`
	EventLog     Bytes                     `json:"event_log"`
	Key          Bytes                     `json:"key"`
	Keys         map[string]Bytes          `json:"keys"`
	Expected     *Hex                      `json:"expected"`
	At           int64                     `json:"at"`
}

// Time is when the evidence is judged.
func (q *Question) Time() time.Time {
	return time.Unix(q.At, 0)
}

// May says whether a case is content without something.
func (q *Question) May(what string) bool {
	for _, allowed := range q.Allow {
		if allowed == what {
			return true
		}
	}
	return false
}

type answer struct {
	Case    string `json:"case"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
}

func one(judge func(*Question) error, q *Question) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{q.Name, "panicked", fmt.Sprint(r)}
		}
	}()
	if err := judge(q); err != nil {
		return answer{q.Name, "refused", err.Error()}
	}
	return answer{q.Name, "accepted", ""}
}

// Main answers the questions of the file that is named on the command line.
func Main(judge func(*Question) error) {
	var questions []*Question
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(text, &questions)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	out := json.NewEncoder(os.Stdout)
	for _, q := range questions {
		if err := out.Encode(one(judge, q)); err != nil {
			os.Exit(2)
		}
	}
}
