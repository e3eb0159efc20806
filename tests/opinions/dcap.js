// SPDX-License-Identifier: Apache-2.0
//
// dcap.js QUESTIONS asks dcap-qvl: opinions.py writes the questions; an answer
// a line.  NODE_PATH says where dcap-qvl is.
'use strict';
const fs = require('fs');
const { QuoteVerifier } = require('@phala/dcap-qvl');

const bytes = (text) => Buffer.from(text, 'base64url');

function pem(chain) {
	return chain.map((der) => '-----BEGIN CERTIFICATE-----\n' +
	    bytes(der).toString('base64') +
	    '\n-----END CERTIFICATE-----\n').join('');
}

// A signed answer of Intel's service: the exact text, and its signature.
function signed(text, member) {
	const found = text.match(
	    `^\\s*\\{\\s*"${member}"\\s*:\\s*(\\{[^]*\\})\\s*,` +
	    `\\s*"signature"\\s*:\\s*"([0-9a-fA-F]*)"\\s*\\}\\s*$`);
	if (!found)
		throw new Error(`no ${member}`);
	return { body: found[1], signature: found[2] };
}

function judgeWith(q, c) {
	if (q.anchors.length !== 1)
		throw new Error('one root is to be believed');
	const tcb = signed(c.tcb_info, 'tcbInfo');
	const qe = signed(c.qe_identity, 'enclaveIdentity');
	const chain = pem(c.tcb_signing_chain);
	const said = QuoteVerifier.newWithRootCa(bytes(q.anchors[0])).verify(
	    bytes(q.quote), {
		tcb_info: tcb.body,
		tcb_info_signature: tcb.signature,
		tcb_info_issuer_chain: chain,
		qe_identity: qe.body,
		qe_identity_signature: qe.signature,
		qe_identity_issuer_chain: chain,
		root_ca_crl: bytes(c.root_crl),
		pck_crl: bytes(c.pck_crl),
		pck_certificate_chain: q.pck_chain ? pem(q.pck_chain) : undefined,
	    }, q.at);
	// What it is a report of, and for, its caller looks at.
	if ((said.report.type === 'sgx') !== (q.format === 'sgx'))
		throw new Error(`a report of ${said.report.type}`);
	const report = said.report.data;
	const data = (report.base || report).reportData;
	if (q.expected !== null &&
	    !Buffer.from(data).equals(Buffer.from(q.expected, 'hex')))
		throw new Error('report data of another nonce');
	return said.status;
}

function judge(q) {
	let why = 'no collateral';
	for (const c of q.collateral) {
		try {
			return { case: q.case, verdict: 'accepted',
			    status: judgeWith(q, c) };
		} catch (e) {
			why = e.cause ? `${e.message}: ${e.cause.message}` :
			    e.message;
		}
	}
	return { case: q.case, verdict: 'refused', detail: why };
}

for (const q of JSON.parse(fs.readFileSync(process.argv[2], 'utf8')))
	console.log(JSON.stringify(judge(q)));
