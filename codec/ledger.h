/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit's rows as bytes, for who writes them and who checks them: chains of
 * hashes, a Merkle tree (RFC 9162, 2.1) over the chains' heads, and the text
 * that anchors its root.  doc/AUDIT.md describes the same for others.
 *
 * A row's hash is SHA-256 over
 *
 *	"daapki-audit-row-1" LF
 *	the hash of the row before it (32 bytes; zeros before the first)
 *	seq be64, time be64 (seconds since 1970)
 *	tenant, actor kind, actor, credential, action, subject, request ID,
 *	traceparent, outcome: each be32 length, then its bytes
 *	SHA-256 of the data's text (32 bytes)
 *
 * A leaf of the tree is SHA-256 over 00 and what names a chain's head: tenant
 * (be32 length, bytes), seq be64, hash; a node over 01 and its two halves.
 */
#ifndef DAAPKI_CODEC_LEDGER_H
#define DAAPKI_CODEC_LEDGER_H

#include "base/ctx.h"

#define LEDGER_HASH_SIZE	32u
#define LEDGER_PATH_MAX		32u	/* halves that a proof may have */
#define LEDGER_CHAINS_MAX	UINT32_MAX
#define LEDGER_SIGNATURE_SIZE	64u
#define LEDGER_KEY_SIZE		32u

struct ledger_hash { uint8_t bytes[LEDGER_HASH_SIZE]; };

/* NULL texts count as empty. */
struct ledger_row {
	uint64_t	 seq;		/* of its chain: 1, 2, 3, ... */
	int64_t		 at_s;
	const char	*tenant;	/* whose chain; "platform" is one too */
	const char	*actor_kind;	/* "operator", "device", "system" ... */
	const char	*actor;
	const char	*credential;	/* "token:12"; "" for none */
	const char	*action;	/* "device.banned" */
	const char	*subject;
	const char	*request_id;
	const char	*trace;
	const char	*outcome;	/* "ok", or an error's code */
};

void	ledger_data_hash(const char *data, struct ledger_hash *out);
void	ledger_row_hash(struct arena *, const struct ledger_row *,
	    const struct ledger_hash *before, const struct ledger_hash *data,
	    struct ledger_hash *out);

void	ledger_leaf(struct arena *, const char *tenant, uint64_t seq,
	    const struct ledger_hash *head, struct ledger_hash *out);
/* Of n leaves, n > 0. */
void	ledger_root(const struct ledger_hash *leaves, size_t n,
	    struct ledger_hash *out);
/* The halves that lead from leaf place to the root; how many. */
size_t	ledger_path(const struct ledger_hash *leaves, size_t n, size_t place,
	    struct ledger_hash out[static LEDGER_PATH_MAX]);
/* RFC 9162, 2.1.3.2. */
bool	ledger_is_included(const struct ledger_hash *leaf, uint64_t place,
	    uint64_t n, const struct ledger_hash *path, size_t n_path,
	    const struct ledger_hash *root);

/* A root as the journal has it, and when. */
struct ledger_anchor {
	uint64_t		 journal_seq;
	int64_t			 at_s;
	uint32_t		 n_chains;
	struct ledger_hash	 root;
};
/*
 * What the signer's log key signs, NUL-terminated:
 *	daapki-audit-checkpoint-1 LF journal seq LF time LF chains LF root LF
 */
char	*ledger_statement(struct arena *, const struct ledger_anchor *);
/* Is it signed by that key? */
bool	ledger_is_signed(struct arena *, const struct ledger_anchor *,
	    struct slice public_key, struct slice signature);

#endif
