// SPDX-License-Identifier: Apache-2.0
// Verifies what was sent to webhooks: a JSON line for each message on standard
// input, with key, headers and body.  HMAC by the standardwebhooks library; its
// version 1.1.1 knows no Ed25519, which is verified by Node's own crypto, by the
// letter of the specification.
'use strict';
const crypto = require('crypto');
const { Webhook } = require('standardwebhooks');

// RFC 8410: what comes before the 32 bytes of an Ed25519 key.
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

function verifyEd25519(key, headers, body) {
	const raw = Buffer.from(key.slice('whpk_'.length), 'base64');
	const spki = crypto.createPublicKey({
		key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
	const message = Buffer.from(headers['webhook-id'] + '.' +
	    headers['webhook-timestamp'] + '.' + body);

	return headers['webhook-signature'].split(' ').some((text) => {
		const [version, signature] = text.split(',');

		return version === 'v1a' && crypto.verify(null, message, spki,
		    Buffer.from(signature, 'base64'));
	});
}

function verify(line) {
	const { key, headers, body } = JSON.parse(line);

	if (key.startsWith('whpk_'))
		return verifyEd25519(key, headers, body);
	try {
		new Webhook(key).verify(body, headers);
		return true;
	} catch (e) {
		return false;
	}
}

const lines = require('fs').readFileSync(0, 'utf8').split('\n')
    .filter((line) => line !== '');
for (const line of lines)
	console.log(verify(line) ? 'good' : 'bad');
