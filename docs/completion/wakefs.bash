# SPDX-License-Identifier: Apache-2.0
# bash completion for wakefs
_wakefs() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]-}
	local verbs="signup login logout whoami mount umount status stat import export selftest version help"
	local pass="--passphrase-file --passphrase-fd --passphrase-command" who="--account --server"
	local options=""
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$cur")
		return
	fi
	case $prev in
	--passphrase-file | --output | -O)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--vectors)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--names)
		mapfile -t COMPREPLY < <(compgen -W "show hide" -- "$cur")
		return
		;;
	--passphrase-command)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		return
		;;
	esac
	case $verb in
	signup) options="--server --first-name --last-name --names $pass" ;;
	login) options="--server --names --json $pass" ;;
	logout) options="--force --forget $who $pass" ;;
	whoami | status | stat) options="--json $who $pass" ;;
	mount) options="--foreground --offline --noperm --options --debug $who $pass" ;;
	import) options="--keep-ids --into --offline --json $who $pass" ;;
	export) options="--all --output $who $pass" ;;
	selftest) options="--vectors --json" ;;
	version) options="--json" ;;
	help) options=$verbs ;;
	esac
	if [[ $cur == -* || $verb == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$cur")
		return
	fi
	case $verb in
	mount | umount) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	import | stat) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	esac
}
complete -o filenames -F _wakefs wakefs
