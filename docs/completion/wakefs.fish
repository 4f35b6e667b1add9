# SPDX-License-Identifier: Apache-2.0
# fish completion for wakefs
set -l verbs signup login logout whoami mount umount status stat import export selftest version help
complete -c wakefs -f
function __wakefs_verb
    complete -c wakefs -n __fish_use_subcommand -a $argv[1] -d $argv[2]
end
__wakefs_verb signup 'make an account on a server, and its keys'
__wakefs_verb login 'use an account on this device'
__wakefs_verb logout 'end the session of this device'
__wakefs_verb whoami 'show the account of this device'
__wakefs_verb mount 'show the workspaces as files'
__wakefs_verb umount 'leave a mount'
__wakefs_verb status 'show what is in sync, what waits, and why'
__wakefs_verb stat 'show what stands behind one file'
__wakefs_verb import 'take in exports of Insomnia'
__wakefs_verb export 'write workspaces as an Insomnia export'
__wakefs_verb selftest 'check the cryptography of this machine'
__wakefs_verb version 'show the version'
__wakefs_verb help 'show the help of a verb'
functions -e __wakefs_verb
complete -c wakefs -n '__fish_seen_subcommand_from help' -a "$verbs"
complete -c wakefs -n '__fish_seen_subcommand_from mount umount' -a '(__fish_complete_directories)'
complete -c wakefs -n '__fish_seen_subcommand_from import stat' -F
complete -c wakefs -l help -d 'show help'
set -l asks signup login logout whoami mount status stat import export
complete -c wakefs -n "__fish_seen_subcommand_from $asks" -l passphrase-file -r -F
complete -c wakefs -n "__fish_seen_subcommand_from $asks" -l passphrase-fd -x
complete -c wakefs -n "__fish_seen_subcommand_from $asks" -l passphrase-command -x
complete -c wakefs -n "__fish_seen_subcommand_from $asks" -l server -x
complete -c wakefs -n '__fish_seen_subcommand_from logout whoami mount status stat import export' -l account -x
complete -c wakefs -n '__fish_seen_subcommand_from login whoami status stat import selftest version' -l json
complete -c wakefs -n '__fish_seen_subcommand_from signup' -l first-name -x
complete -c wakefs -n '__fish_seen_subcommand_from signup' -l last-name -x
complete -c wakefs -n '__fish_seen_subcommand_from signup login' -l names -x -a 'show hide'
complete -c wakefs -n '__fish_seen_subcommand_from logout' -l force
complete -c wakefs -n '__fish_seen_subcommand_from logout' -l forget
complete -c wakefs -n '__fish_seen_subcommand_from mount' -s f -l foreground
complete -c wakefs -n '__fish_seen_subcommand_from mount' -l noperm
complete -c wakefs -n '__fish_seen_subcommand_from mount' -s o -l options -x
complete -c wakefs -n '__fish_seen_subcommand_from mount' -s d -l debug
complete -c wakefs -n '__fish_seen_subcommand_from mount import' -l offline
complete -c wakefs -n '__fish_seen_subcommand_from import' -l keep-ids
complete -c wakefs -n '__fish_seen_subcommand_from import' -l into -x
complete -c wakefs -n '__fish_seen_subcommand_from export' -l all
complete -c wakefs -n '__fish_seen_subcommand_from export' -s O -l output -r -F
complete -c wakefs -n '__fish_seen_subcommand_from selftest' -l vectors -x -a '(__fish_complete_directories)'
