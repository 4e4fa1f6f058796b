# fish completion for printop; made by `make docs`.

set -g __printop_states unknown offline starting unauthorized disconnected connecting idle busy preparing printing pausing paused resuming cancelling finishing complete cancelled failed error shutdown parked
set -g __printop_fields name url dialect state reason message age_s progress progress_source file elapsed_s left_s left_source ends_at layer layers heaters tags parked nozzle bed chamber z_mm speed flow fan group version firmware hostname access latency_ms
set -g __printop_verbs files library pause resume cancel upload start delete home connect disconnect restart estop add remove rename discover status watch wait check events prints keys sim serve connector metrics queue key help version

function __printop_no_verb
	not __fish_seen_subcommand_from $__printop_verbs
end

function __printop_list_states
	printf '%s\n' $__printop_states
end

function __printop_list_fields
	printf '%s\n' $__printop_fields
end

# Names come from the configuration; the limit keeps an unreachable fleet from holding up the shell.
function __printop_printers
	printop --no-tui status --format '{name}' --timeout 0.1 2>/dev/null
	echo all
	for state in $__printop_states
		echo state:$state
	end
	printf '%s\n' tag: group: model:
end

complete -c printop -f
complete -c printop -n __printop_no_verb -l no-tui -d 'no full screen'
complete -c printop -n __printop_no_verb -l config -r -F -d 'this printers.conf'
complete -c printop -n __printop_no_verb -l demo -d 'a simulated farm instead of the configured printers'
complete -c printop -n __printop_no_verb -s r -l read-only -d 'send nothing that changes a printer'
complete -c printop -n __printop_no_verb -l log-level -x -a 'error warn info debug' -d 'what goes to standard error'
complete -c printop -n __printop_no_verb -s V -l version -d 'version'
complete -c printop -n __printop_no_verb -s h -l help -d 'help'
complete -c printop -n __printop_no_verb -a files -d 'list the files on a printer'
complete -c printop -n __printop_no_verb -a library -d 'G-code files on this machine: what they say of themselves'
complete -c printop -n __printop_no_verb -a pause -d 'pause the print'
complete -c printop -n __printop_no_verb -a resume -d 'go on with a paused print'
complete -c printop -n __printop_no_verb -a cancel -d 'cancel the print'
complete -c printop -n __printop_no_verb -a upload -d 'send a file to printers'
complete -c printop -n __printop_no_verb -a start -d 'print a file that is on the printer'
complete -c printop -n __printop_no_verb -a delete -d 'delete a file that is on the printer'
complete -c printop -n __printop_no_verb -a home -d 'move the axes to their ends (not while a job runs)'
complete -c printop -n __printop_no_verb -a connect -d 'open the serial port (OctoPrint)'
complete -c printop -n __printop_no_verb -a disconnect -d 'close the serial port (OctoPrint)'
complete -c printop -n __printop_no_verb -a restart -d 'restart the firmware (Moonraker)'
complete -c printop -n __printop_no_verb -a estop -d 'emergency stop, heaters and motors off at once'
complete -c printop -n __printop_no_verb -a add -d 'add a printer by its address: finds its server, asks it for access'
complete -c printop -n __printop_no_verb -a remove -d 'take a printer that was added out of the fleet again'
complete -c printop -n __printop_no_verb -a rename -d 'give a printer that was added another name'
complete -c printop -n __printop_no_verb -a discover -d 'find printers nearby: those that announce themselves, and those in a range of addresses'
complete -c printop -n __printop_no_verb -a status -d 'print the fleet once'
complete -c printop -n __printop_no_verb -a watch -d 'print a line for every change'
complete -c printop -n __printop_no_verb -a wait -d 'wait until printers reach a state, a temperature or a percentage'
complete -c printop -n __printop_no_verb -a check -d 'check the configuration and probe every printer'
complete -c printop -n __printop_no_verb -a events -d 'print the journal'
complete -c printop -n __printop_no_verb -a prints -d 'print who printed what on which printer, and how it ended'
complete -c printop -n __printop_no_verb -a keys -d 'print the table of keys'
complete -c printop -n __printop_no_verb -a sim -d 'run a simulated farm'
complete -c printop -n __printop_no_verb -a serve -d 'run the services without a screen: metrics, gateway, connector, MQTT'
complete -c printop -n __printop_no_verb -a connector -d 'run the connector to a cloud alone, as printer-connector does'
complete -c printop -n __printop_no_verb -a metrics -d 'print the fleet as OpenMetrics text'
complete -c printop -n __printop_no_verb -a queue -d 'print and steer the queue of jobs that slicers sent'
complete -c printop -n __printop_no_verb -a key -d 'make and take away the keys that slicers send with'
complete -c printop -n __printop_no_verb -a help -d 'explain a verb'
complete -c printop -n __printop_no_verb -a version -d 'print the version'
complete -c printop -n '__fish_seen_subcommand_from help' -a "$__printop_verbs"
complete -c printop -n '__fish_seen_subcommand_from upload' -F
complete -c printop -n '__fish_seen_subcommand_from files pause resume cancel home connect disconnect restart estop status watch wait check events prints' -a '(__fish_complete_list , __printop_printers)'
complete -c printop -n '__fish_seen_subcommand_from files pause resume cancel upload start delete home connect disconnect restart estop status watch wait check events prints' -s t -l to -x -a '(__fish_complete_list , __printop_printers)' -d 'which printers: a name, a glob, tag:X, state:X, model:X, group:X, !not, all; - reads names from stdin'
complete -c printop -n '__fish_seen_subcommand_from files library pause resume cancel upload start delete home connect disconnect restart estop add discover status watch wait check events prints keys queue key' -l json -d 'print JSON: an array with one object a line (watch: an object a line)'
complete -c printop -n '__fish_seen_subcommand_from files library pause resume cancel upload start delete home connect disconnect restart estop add discover status watch wait check events prints keys queue key' -l csv -d 'print comma-separated values'
complete -c printop -n '__fish_seen_subcommand_from files library pause resume cancel upload start delete home connect disconnect restart estop add discover status watch wait check events prints keys queue key' -l format -x -d 'print each row as this, e.g. '\''{name}\\t{progress}'\''; {name:text} as in the table'
complete -c printop -n '__fish_seen_subcommand_from files library pause resume cancel upload start delete home connect disconnect restart estop add discover status watch wait check events prints keys queue key' -l fields -x -a '(__fish_complete_list , __printop_list_fields)' -d 'only these fields, split by commas, in this order'
complete -c printop -n '__fish_seen_subcommand_from files library pause resume cancel upload start delete home connect disconnect restart estop add discover status watch wait check events prints keys queue key' -l no-header -d 'leave out the line of titles (table and CSV)'
complete -c printop -n '__fish_seen_subcommand_from files library status' -l sort -x -a '(__fish_complete_list , __printop_list_fields)' -d 'order of the rows; -FIELD turns it round'
complete -c printop -n '__fish_seen_subcommand_from files library pause resume cancel upload start delete home connect disconnect restart estop add discover status watch wait check events prints keys queue key' -l color -x -a 'auto always never' -d 'colours; auto follows the terminal and NO_COLOR'
complete -c printop -n '__fish_seen_subcommand_from pause resume cancel upload start delete home connect disconnect restart estop status wait check' -s q -l quiet -d 'print nothing that went well'
complete -c printop -n '__fish_seen_subcommand_from pause resume cancel upload start delete home connect disconnect restart estop add discover' -s y -l yes -d 'do not ask'
complete -c printop -n '__fish_seen_subcommand_from pause resume cancel upload start delete home connect disconnect restart estop add' -l dry-run -d 'print what would be sent, or added, and change nothing'
complete -c printop -n '__fish_seen_subcommand_from files pause resume cancel upload start delete home connect disconnect restart estop add discover status wait check' -l timeout -x -d 'longest time to wait, in seconds or as 90s, 5m, 2h'
complete -c printop -n '__fish_seen_subcommand_from upload' -l folder -x -d 'folder on the server'
complete -c printop -n '__fish_seen_subcommand_from upload add' -l name -x -d 'upload: name on the server (one file only); add: name in the fleet'
complete -c printop -n '__fish_seen_subcommand_from upload key' -l start -d 'upload: print it at once (one file only); key: it may send files and start prints'
complete -c printop -n '__fish_seen_subcommand_from home' -l axes -x -d 'only these axes, e.g. xy'
complete -c printop -n '__fish_seen_subcommand_from wait' -l state -x -a '(__fish_complete_list , __printop_list_states)' -d 'wait for one of these states'
complete -c printop -n '__fish_seen_subcommand_from wait' -l temp -x -d 'wait for a temperature: bed:>=60, extruder:<=50, bed:60 (within 2 C), bed:~ (at its target)'
complete -c printop -n '__fish_seen_subcommand_from wait' -l progress -x -d 'wait until so much of the job is done'
complete -c printop -n '__fish_seen_subcommand_from wait' -l any -d 'one of the printers is enough'
complete -c printop -n '__fish_seen_subcommand_from wait' -l fail-on -x -a '(__fish_complete_list , __printop_list_states)' -d 'stop waiting for a printer that gets into one of these states'
complete -c printop -n '__fish_seen_subcommand_from watch' -l for -x -d 'end after so long'
complete -c printop -n '__fish_seen_subcommand_from files' -l folders -d 'show folders as well'
complete -c printop -n '__fish_seen_subcommand_from events prints' -s n -l lines -x -d 'how many of the latest, 0: all (standard: 50)'
complete -c printop -n '__fish_seen_subcommand_from events' -l kind -x -d 'only events of these kinds: started, finished, failed, action and others'
complete -c printop -n '__fish_seen_subcommand_from events prints' -l since -x -d 'only what happened since then: 2h, 14:30, 2026-01-31, 2026-01-31T14:30'
complete -c printop -n '__fish_seen_subcommand_from add' -l key-file -x -d 'file with the API key; the key is copied'
complete -c printop -n '__fish_seen_subcommand_from add' -l key-stdin -d 'read the API key from standard input'
complete -c printop -n '__fish_seen_subcommand_from add' -l user -x -d 'log in at Moonraker to get its API key; the password is read from the terminal, unseen'
complete -c printop -n '__fish_seen_subcommand_from add' -l no-key -d 'ask nobody for access: add it as it is'
complete -c printop -n '__fish_seen_subcommand_from add' -l tag -x -d 'a tag for it'
complete -c printop -n '__fish_seen_subcommand_from add' -l group -x -d 'the group it belongs to'
complete -c printop -n '__fish_seen_subcommand_from add' -l ca-file -x -d 'certificate authority for its https'
complete -c printop -n '__fish_seen_subcommand_from add' -l pin -x -d 'public key that its https server must have, sha256//BASE64='
complete -c printop -n '__fish_seen_subcommand_from add' -l insecure -d 'do not check its https certificate'
complete -c printop -n '__fish_seen_subcommand_from discover' -l range -x -d 'addresses to look through, 10.0.4.0/24; a /22 at most'
complete -c printop -n '__fish_seen_subcommand_from key' -l upload -d 'it may send files; meant when no right is named'
complete -c printop -n '__fish_seen_subcommand_from key' -l control -d 'it may pause, resume and cancel'
complete -c printop -n '__fish_seen_subcommand_from key' -l look -d 'it may only look'
complete -c printop -n '__fish_seen_subcommand_from key' -l new-names -d 'its files never replace others: they get names of their own'
complete -c printop -n '__fish_seen_subcommand_from queue' -l force -d 'release: print it in spite of the warning'
complete -c printop -n '__fish_seen_subcommand_from queue' -l reason -x -d 'hold: why, for those who look'
complete -c printop -n '__fish_seen_subcommand_from library' -l search -x -d 'only files with these words in name, slicer or filament'
complete -c printop -n '__fish_seen_subcommand_from files library pause resume cancel upload start delete home connect disconnect restart estop add remove rename discover status watch wait check events prints keys sim serve connector metrics queue key' -s h -l help -d 'explain the verb and its options'

complete -c printop -n '__fish_seen_subcommand_from sim' -l printers -x -d 'how many'
complete -c printop -n '__fish_seen_subcommand_from sim' -l seed -x -d 'the same seed gives the same farm'
complete -c printop -n '__fish_seen_subcommand_from sim' -l port -x -d 'first port; 0 takes free ones'
complete -c printop -n '__fish_seen_subcommand_from sim' -l address -x -d 'listen there, an address of loopback'
complete -c printop -n '__fish_seen_subcommand_from sim' -l speed -x -d 'simulated seconds per second'
complete -c printop -n '__fish_seen_subcommand_from sim' -l dialect -x -a 'octoprint moonraker' -d 'only one'
complete -c printop -n '__fish_seen_subcommand_from sim' -l idle -d 'no jobs at the beginning'
complete -c printop -n '__fish_seen_subcommand_from sim' -l tick -x -d 'Klippy answers queries on this tick, ms'
complete -c printop -n '__fish_seen_subcommand_from sim' -l faults -x -d 'KIND=COUNT,... spread over the farm'
complete -c printop -n '__fish_seen_subcommand_from sim' -l demo -d 'the farm of printop --demo'
complete -c printop -n '__fish_seen_subcommand_from sim' -l conf -r -F -d 'write a printers.conf there'
