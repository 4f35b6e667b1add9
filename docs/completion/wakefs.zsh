#compdef wakefs
# SPDX-License-Identifier: Apache-2.0
# zsh completion for wakefs
_wakefs() {
	local -a verbs pass who
	local names
	verbs=(
		'signup:make an account on a server, and its keys'
		'login:use an account on this device'
		'logout:end the session of this device'
		'whoami:show the account of this device'
		'mount:show the workspaces as files'
		'umount:leave a mount'
		'status:show what is in sync, what waits, and why'
		'stat:show what stands behind one file'
		'import:take in exports of Insomnia'
		'export:write workspaces as an Insomnia export'
		'selftest:check the cryptography of this machine'
		'version:show the version'
		'help:show the help of a verb'
	)
	pass=(
		'--passphrase-file[read the passphrase from a file]:file:_files'
		'--passphrase-fd[read it from a descriptor]:descriptor:'
		'--passphrase-command[read it from a command]:command:_command_names'
	)
	names='--names[whether the server sees names]:names:(show hide)'
	who=('--account[use this account]:address:' '--server[use this server]:url:')
	if (( CURRENT == 2 )); then
		_describe verb verbs
		return
	fi
	local verb=$words[2]
	shift words
	(( CURRENT-- ))
	case $verb in
	signup) _arguments '--server[server]:url:' '--first-name[name]:name:' \
		'--last-name[name]:name:' $names $pass '1:address:' ;;
	login) _arguments '--server[server]:url:' $names '--json[print JSON]' $pass '1:address:' ;;
	logout) _arguments '--force[even with unsent changes]' '--forget[remove the local store]' \
		$who $pass ;;
	whoami | status) _arguments '--json[print JSON]' $who $pass ;;
	stat) _arguments '--json[print JSON]' $who $pass '1:file:_files' ;;
	mount) _arguments '--foreground[stay in the foreground]' '--offline[no server]' \
		'--noperm[do not enforce modes]' '--options[for FUSE]:options:' \
		'--debug[trace requests]' $who $pass '1:directory:_directories' ;;
	umount) _arguments '1:directory:_directories' ;;
	import) _arguments '--keep-ids[keep ids]' '--into[workspace]:group:' '--offline[no server]' \
		'--json[print JSON]' $who $pass '*:file:_files' ;;
	export) _arguments '--all[every workspace]' '--output[file]:file:_files' $who $pass \
		'1:group:' ;;
	selftest) _arguments '--vectors[directory]:directory:_directories' '--json[print JSON]' ;;
	version) _arguments '--json[print JSON]' ;;
	help) _describe verb verbs ;;
	esac
}
_wakefs "$@"
