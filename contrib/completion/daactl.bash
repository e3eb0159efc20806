# SPDX-License-Identifier: Apache-2.0
# Completion of daactl for bash.  Made by "daactl completion bash".

_daactl_words()
{
	case $1 in
	'') echo 'tenant proposal token issuer audit profile group policy reference anchor collateral hardware manifest manifest-key claim operation transfer ban device certificate report event webhook ca evidence fsck keys journal version completion' ;;
	tenant) echo 'create list show delete recover recoveries object' ;;
	proposal) echo 'list show approve reject' ;;
	token) echo 'create rotate list revoke' ;;
	issuer) echo 'create list show change keys delete' ;;
	audit) echo 'list export verify' ;;
	profile) echo 'create list show update versions' ;;
	group) echo 'create list show set' ;;
	policy) echo 'show set draft drop dry-run activate rollback versions history diff learn' ;;
	reference) echo 'create add list remove delete' ;;
	anchor) echo 'add fetch known list remove' ;;
	collateral) echo 'add fetch list show delete' ;;
	hardware) echo 'add list remove' ;;
	manifest) echo 'sign import' ;;
	manifest-key) echo 'add list remove' ;;
	claim) echo 'add import bulk bulk-release list release restore history' ;;
	operation) echo 'list show items cancel wait' ;;
	transfer) echo 'offer list show accept reject cancel undo watch' ;;
	ban) echo 'create list show lift' ;;
	device) echo 'list export show result ban unban move label refusals' ;;
	certificate) echo 'list show replay revoke' ;;
	report) echo 'list show export groups group devices resolve mute reopen series settings quota' ;;
	event) echo 'list watch' ;;
	webhook) echo 'create list show delete rotate test enable replay deliveries' ;;
	ca) echo 'list show fetch chain stage schedule activate retire taint certificates revoke adopt proof' ;;
	evidence) echo 'verify' ;;
	keys) echo 'rotate-master' ;;
	journal) echo 'verify' ;;
	completion) echo 'bash' ;;
	'issuer create') echo FILE ;;
	'issuer change') echo FILE ;;
	'audit verify') echo FILE ;;
	'profile create') echo FILE ;;
	'profile update') echo FILE ;;
	'policy set') echo FILE ;;
	'policy draft') echo FILE ;;
	'policy dry-run') echo FILE ;;
	'anchor add') echo FILE ;;
	'manifest sign') echo FILE ;;
	'manifest import') echo FILE ;;
	'manifest-key add') echo FILE ;;
	'claim import') echo FILE ;;
	'claim bulk') echo FILE ;;
	'claim bulk-release') echo FILE ;;
	'ca adopt') echo FILE ;;
	'evidence verify') echo FILE ;;
	'fsck') echo FILE ;;
	'keys rotate-master') echo FILE ;;
	'journal verify') echo FILE ;;
	esac
}

_daactl_takes_value()
{
	case $1 in
	--url|--ca-file|--token-file|--config|--tenant|-t|--limit|-n|--after|--state|--direction|--evidence|--active|--revoked|--device|-d|--type|--kind|--class|--category|--error-group|--from|--to|--actor|--action|--subject|--key-file|--log-key|--title|--role|--expires-at|--expires-in|--certificate|--person|--overlap|--note|--group|-g|--lifetime|--backdate|--renew-after-percent|--renew-without-evidence|--min-interval|--profile|--profile-version|--version|--edge|--policy|--keep-days|--events-per-day|--spike-least|--spike-factor|--grace|--pcrs|--scheme|--fingerprint|--source-ca|--ek-public|--public-key|--provenance|--tcb-info|--qe-identity|--signer-chain|--root-crl|--pck-crl|--crl|--revoked-serials|--android-status|--api-key-file|--pck-ca|--expiring|--snp-chain|--format|--nonce|--batch|--consent|--proof|--secret-file|--reason|--algorithm|--key-store|--activate-at|--retire-at|--outcome|--out|-o) return 0 ;;
	esac
	return 1
}

_daactl_values()
{
	case $1:$2 in
	*:--ca-file) echo FILE ;;
	*:--token-file) echo FILE ;;
	*:--config) echo FILE ;;
	'device list:--state') echo 'claimed active banned quarantined' ;;
	'device export:--state') echo 'claimed active banned quarantined' ;;
	'transfer list:--state') echo 'offered awaiting-evidence done rejected cancelled expired undone' ;;
	'transfer list:--direction') echo 'in out' ;;
	'certificate replay:--evidence') echo 'FILE' ;;
	'claim list:--active') echo 'true false' ;;
	'certificate list:--revoked') echo 'true false' ;;
	'ca certificates:--revoked') echo 'true false' ;;
	'webhook create:--kind') echo 'hmac ed25519' ;;
	'report groups:--state') echo 'open resolved muted' ;;
	'manifest sign:--key-file') echo 'FILE' ;;
	'audit verify:--log-key') echo 'FILE' ;;
	'token create:--role') echo 'admin owner contributor reader auditor' ;;
	'tenant create:--edge') echo 'true false' ;;
	'ca stage:--edge') echo 'true false' ;;
	'group create:--policy') echo 'FILE' ;;
	'anchor add:--scheme') echo 'tpm-ek sgx snp dice idevid android webauthn' ;;
	'anchor fetch:--scheme') echo 'tpm-ek sgx snp dice idevid android webauthn' ;;
	'anchor fetch:--source-ca') echo 'FILE' ;;
	'collateral fetch:--source-ca') echo 'FILE' ;;
	'hardware add:--ek-public') echo 'FILE' ;;
	'hardware add:--public-key') echo 'FILE' ;;
	'collateral add:--tcb-info') echo 'FILE' ;;
	'collateral add:--qe-identity') echo 'FILE' ;;
	'collateral add:--signer-chain') echo 'FILE' ;;
	'collateral add:--root-crl') echo 'FILE' ;;
	'collateral add:--pck-crl') echo 'FILE' ;;
	'collateral add:--crl') echo 'FILE' ;;
	'collateral add:--revoked-serials') echo 'FILE' ;;
	'collateral add:--android-status') echo 'FILE' ;;
	'collateral fetch:--api-key-file') echo 'FILE' ;;
	'collateral fetch:--pck-ca') echo 'platform processor' ;;
	'collateral add:--snp-chain') echo 'FILE' ;;
	'audit export:--format') echo 'csv ndjson' ;;
	'manifest sign:--format') echo 'csv ndjson' ;;
	'claim import:--format') echo 'csv ndjson' ;;
	'claim bulk:--format') echo 'csv ndjson' ;;
	'claim bulk-release:--format') echo 'csv ndjson' ;;
	'device export:--format') echo 'csv ndjson' ;;
	'report export:--format') echo 'csv ndjson' ;;
	'claim add:--consent') echo 'FILE' ;;
	'claim add:--proof') echo 'none secret consent' ;;
	'claim import:--proof') echo 'none secret consent' ;;
	'claim bulk:--proof') echo 'none secret consent' ;;
	'claim add:--secret-file') echo 'FILE' ;;
	'certificate revoke:--reason') echo 'unspecified keyCompromise affiliationChanged superseded cessationOfOperation privilegeWithdrawn' ;;
	'ca revoke:--reason') echo 'unspecified keyCompromise cACompromise affiliationChanged superseded cessationOfOperation privilegeWithdrawn' ;;
	'tenant create:--algorithm') echo 'p256 p384 ed25519 rsa2048 rsa3072 rsa4096' ;;
	'ca stage:--algorithm') echo 'p256 p384 ed25519 rsa2048 rsa3072 rsa4096' ;;
	'ca fetch:--format') echo 'pem der pkcs7 jwks spiffe' ;;
	'ca chain:--format') echo 'pem der pkcs7 jwks spiffe' ;;
	'token create:--out'|'token create:-o') echo 'FILE' ;;
	'token rotate:--out'|'token rotate:-o') echo 'FILE' ;;
	'audit export:--out'|'audit export:-o') echo 'FILE' ;;
	'policy dry-run:--out'|'policy dry-run:-o') echo 'FILE' ;;
	'manifest sign:--out'|'manifest sign:-o') echo 'FILE' ;;
	'device export:--out'|'device export:-o') echo 'FILE' ;;
	'device result:--out'|'device result:-o') echo 'FILE' ;;
	'report export:--out'|'report export:-o') echo 'FILE' ;;
	'ca fetch:--out'|'ca fetch:-o') echo 'FILE' ;;
	'ca chain:--out'|'ca chain:-o') echo 'FILE' ;;
	'ca stage:--out'|'ca stage:-o') echo 'FILE' ;;
	'ca proof:--out'|'ca proof:-o') echo 'FILE' ;;
	esac
}

_daactl_options()
{
	echo '--help --url --ca-file --token-file --config --json'
	case $1 in
	'tenant create') echo '--title --edge --algorithm --key-store' ;;
	'tenant list') echo '--limit --after' ;;
	'tenant show') echo '--tenant' ;;
	'tenant recover') echo '--group --reason' ;;
	'tenant recoveries') echo '--tenant --platform --limit --after' ;;
	'tenant object') echo '--tenant' ;;
	'proposal list') echo '--tenant --platform --limit --after' ;;
	'proposal show') echo '--tenant --platform --watch' ;;
	'proposal approve') echo '--tenant --platform' ;;
	'proposal reject') echo '--tenant --platform' ;;
	'token create') echo '--tenant --platform --role --expires-at --expires-in --certificate --person --group --out' ;;
	'token rotate') echo '--tenant --platform --expires-at --expires-in --overlap --out' ;;
	'token list') echo '--tenant --platform --limit --after' ;;
	'token revoke') echo '--tenant --platform' ;;
	'issuer list') echo '--limit --after' ;;
	'audit list') echo '--tenant --platform --limit --after --from --to --actor --action --subject' ;;
	'audit export') echo '--tenant --platform --from --to --actor --action --subject --format --out' ;;
	'audit verify') echo '--tenant --platform --log-key' ;;
	'profile create') echo '--tenant --lifetime --backdate --renew-after-percent --renew-without-evidence --min-interval' ;;
	'profile list') echo '--tenant --limit --after' ;;
	'profile show') echo '--tenant --version --document' ;;
	'profile update') echo '--tenant --lifetime --backdate --renew-after-percent --renew-without-evidence --min-interval' ;;
	'profile versions') echo '--tenant --limit --after' ;;
	'group create') echo '--tenant --title --profile --profile-version --policy' ;;
	'group list') echo '--tenant --limit --after' ;;
	'group show') echo '--tenant' ;;
	'group set') echo '--tenant --title --profile --profile-version' ;;
	'policy show') echo '--tenant --version --document' ;;
	'policy set') echo '--tenant' ;;
	'policy draft') echo '--tenant --document' ;;
	'policy drop') echo '--tenant' ;;
	'policy dry-run') echo '--tenant --version --out' ;;
	'policy activate') echo '--tenant --grace --reason' ;;
	'policy rollback') echo '--tenant --grace --reason' ;;
	'policy versions') echo '--tenant --limit --after' ;;
	'policy history') echo '--tenant --limit --after' ;;
	'policy diff') echo '--tenant' ;;
	'policy learn') echo '--tenant --pcrs --boot-components' ;;
	'reference create') echo '--tenant --note' ;;
	'reference add') echo '--tenant --expires-at --expires-in --note --provenance' ;;
	'reference list') echo '--tenant --limit --after' ;;
	'reference remove') echo '--tenant' ;;
	'reference delete') echo '--tenant' ;;
	'anchor add') echo '--tenant --platform --scheme --fingerprint --unlisted --provenance' ;;
	'anchor fetch') echo '--tenant --platform --scheme --source-ca' ;;
	'anchor list') echo '--tenant --platform --limit --after' ;;
	'anchor remove') echo '--tenant --platform' ;;
	'collateral add') echo '--tenant --platform --provenance --tcb-info --qe-identity --signer-chain --root-crl --pck-crl --crl --revoked-serials --android-status --snp-chain' ;;
	'collateral fetch') echo '--tenant --platform --source-ca --from --api-key-file --pck-ca --expiring' ;;
	'collateral list') echo '--tenant --platform --limit --after' ;;
	'collateral show') echo '--tenant --platform' ;;
	'collateral delete') echo '--tenant --platform' ;;
	'hardware add') echo '--tenant --platform --expires-at --expires-in --note --ek-public --public-key' ;;
	'hardware list') echo '--tenant --platform --limit --after' ;;
	'hardware remove') echo '--tenant --platform' ;;
	'manifest sign') echo '--key-file --format --out' ;;
	'manifest import') echo '--no-wait' ;;
	'manifest-key list') echo '--limit --after' ;;
	'claim add') echo '--tenant --group --consent --proof --secret-file' ;;
	'claim import') echo '--tenant --group --format --proof' ;;
	'claim bulk') echo '--tenant --group --format --batch --proof --dry-run --no-wait' ;;
	'claim bulk-release') echo '--tenant --format --reason --dry-run --no-wait' ;;
	'claim list') echo '--tenant --limit --after --active' ;;
	'claim release') echo '--tenant --reason' ;;
	'claim restore') echo '--tenant' ;;
	'claim history') echo '--tenant --limit --after' ;;
	'operation list') echo '--tenant --limit --after' ;;
	'operation show') echo '--watch' ;;
	'operation items') echo '--limit --after --outcome' ;;
	'transfer offer') echo '--tenant --require-evidence --expires-at --expires-in --reason' ;;
	'transfer list') echo '--tenant --limit --after --state --direction' ;;
	'transfer show') echo '--tenant --watch' ;;
	'transfer accept') echo '--tenant --group' ;;
	'transfer reject') echo '--tenant' ;;
	'transfer cancel') echo '--tenant' ;;
	'transfer undo') echo '--tenant' ;;
	'transfer watch') echo '--tenant' ;;
	'ban create') echo '--tenant --platform --reason --dry-run' ;;
	'ban list') echo '--tenant --platform --limit --after' ;;
	'ban show') echo '--tenant --platform' ;;
	'ban lift') echo '--tenant --platform --unban' ;;
	'device list') echo '--tenant --watch --limit --after --state --group' ;;
	'device export') echo '--tenant --state --group --format --out' ;;
	'device show') echo '--tenant' ;;
	'device result') echo '--tenant --nonce --out' ;;
	'device ban') echo '--tenant --reason' ;;
	'device unban') echo '--tenant' ;;
	'device move') echo '--tenant' ;;
	'device label') echo '--tenant' ;;
	'device refusals') echo '--tenant' ;;
	'certificate list') echo '--tenant --limit --after --revoked --device' ;;
	'certificate show') echo '--tenant --pem' ;;
	'certificate replay') echo '--tenant --evidence' ;;
	'certificate revoke') echo '--tenant --reason' ;;
	'report list') echo '--tenant --limit --after --device --type --class --category --error-group --from --to' ;;
	'report show') echo '--tenant' ;;
	'report export') echo '--tenant --device --type --class --category --error-group --from --to --format --out' ;;
	'report groups') echo '--tenant --limit --after --type --state --from' ;;
	'report group') echo '--tenant' ;;
	'report devices') echo '--tenant --limit --after' ;;
	'report resolve') echo '--tenant --note' ;;
	'report mute') echo '--tenant --note' ;;
	'report reopen') echo '--tenant --note' ;;
	'report series') echo '--tenant --limit --after --type --error-group --from --to' ;;
	'report settings') echo '--tenant --keep-days --events-per-day --spike-least --spike-factor' ;;
	'report quota') echo '--tenant --device' ;;
	'event list') echo '--tenant --platform --limit --after --type' ;;
	'event watch') echo '--tenant --platform --limit --after --type' ;;
	'webhook create') echo '--tenant --type --kind --note' ;;
	'webhook list') echo '--tenant --limit --after' ;;
	'webhook show') echo '--tenant' ;;
	'webhook delete') echo '--tenant' ;;
	'webhook rotate') echo '--tenant' ;;
	'webhook test') echo '--tenant' ;;
	'webhook enable') echo '--tenant' ;;
	'webhook replay') echo '--tenant --after --from' ;;
	'webhook deliveries') echo '--tenant --limit --after' ;;
	'ca list') echo '--tenant --limit --after' ;;
	'ca show') echo '--tenant --pem' ;;
	'ca fetch') echo '--tenant --format --out --chain' ;;
	'ca chain') echo '--tenant --format --out' ;;
	'ca stage') echo '--tenant --edge --algorithm --key-store --activate-at --retire-at --own-root --out' ;;
	'ca schedule') echo '--tenant --activate-at --retire-at' ;;
	'ca activate') echo '--tenant' ;;
	'ca retire') echo '--tenant' ;;
	'ca taint') echo '--tenant' ;;
	'ca certificates') echo '--tenant --limit --after --revoked --unexpired' ;;
	'ca revoke') echo '--tenant --reason' ;;
	'ca adopt') echo '--tenant' ;;
	'ca proof') echo '--tenant --out' ;;
	esac
}

_daactl()
{
	local cur prev word values words='' n=0 skip=0 i

	COMPREPLY=()
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD-1]}
	# The words of the command, without options and their values.
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((skip)); then
			skip=0
		elif _daactl_takes_value "$word"; then
			skip=1
		elif [[ $word != -* && n -lt 2 ]]; then
			words+=${words:+ }$word
			n=$((n + 1))
		fi
	done
	if _daactl_takes_value "$prev"; then
		values=$(_daactl_values "$words" "$prev")
		if [[ $values == FILE ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
		fi
	elif [[ $cur == -* ]]; then
		values=$(_daactl_options "$words")
		mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
	else
		values=$(_daactl_words "$words")
		if [[ $values == FILE ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
		fi
	fi
}

complete -F _daactl daactl
