import CeleryCore

/// The completion script for fish: the file `celery.fish` in its completions folder.
package enum FishCompletion {
    /// The script, for `source` or a folder of completions.
    package static func render(_ table: CommandTable) -> String {
        let scopes = CompletionScope.all(of: table)
        let start = "complete -c \(table.program)"
        let global = table.globalOptions.map { "\(start)\(names($0)) \(value($0, table)) -d \(quote($0.help))" }
        let valued = scopes.flatMap { scope in
            scope.options.filter { $0.form == .value }.flatMap(\.names).map { quote("\(scope.path):\($0)") }
        } + table.contextNames.map { quote("*:\($0)") }
        return template
            .replacing(text: "@HEADER@", with: table.completionHeader("fish"))
            .replacing(text: "@ENTRIES@", with: scopes.flatMap(entries).joined(separator: "\n"))
            .replacing(text: "@VALUED@", with: valued.joined(separator: " "))
            .replacing(text: "@COMPLETE@", with: (global + scopes.flatMap { lines($0, table, start) }).joined(separator: "\n"))
            .replacing(text: "@CONTEXT@", with: table.contextNames.joined(separator: " "))
            .replacing(text: "@JOINED@", with: table.contextNames.map { quote("\($0)=*") }.joined(separator: " "))
            .replacing(text: "@ID@", with: table.identifier)
            .replacing(text: "@PROGRAM@", with: table.program)
    }

    private static func entries(_ scope: CompletionScope) -> [String] {
        scope.entries.map { entry in
            "        case \(entry.words.map { quote("\(scope.path):\($0)") }.joined(separator: " "))\n"
                + "            echo \(quote(entry.path))"
        }
    }

    /// The `complete` lines of a scope: commands, options and operands.
    private static func lines(_ scope: CompletionScope, _ table: CommandTable, _ start: String) -> [String] {
        let here = quote("__\(table.identifier)_at \"\(scope.path)\"")
        let first = quote("__\(table.identifier)_at \"\(scope.path)\" -eq 0")
        let commands = scope.subcommands.map { "\(start) -n \(first) -a \($0.name) -d \(quote($0.summary))" }
        let options = scope.options.map { "\(start) -n \(here)\(names($0)) \(value($0, table)) -d \(quote($0.help))" }
        let operands = scope.operands.enumerated().compactMap { position, operand -> String? in
            let place = quote("__\(table.identifier)_at \"\(scope.path)\" \(operand.arity.repeats ? "-ge" : "-eq") \(position)")
            if operand.completion == .file { return "\(start) -n \(place) -F" }
            return candidates(operand.completion, table).map { "\(start) -n \(place) -a \($0)" }
        }
        return commands + options + operands
    }

    private static func names(_ option: OptionDescription) -> String {
        (option.short.map { " -s \($0)" } ?? "") + option.longNames.map { " -l \($0.dropFirst(2))" }.joined()
    }

    private static func value(_ option: OptionDescription, _ table: CommandTable) -> String {
        guard option.form == .value else { return "-f" }
        if option.completion == .file { return "-r -F" }
        return "-x" + (candidates(option.completion, table).map { " -a \($0)" } ?? "")
    }

    /// The quoted argument of `-a`; nil if there are no candidates.
    private static func candidates(_ completion: CompletionKind, _ table: CommandTable) -> String? {
        if let words = completion.words(in: table) { return quote(words.joined(separator: " ")) }
        if let topic = completion.topic { return quote("(__\(table.identifier)_listed \(topic.rawValue))") }
        return completion == .directory ? quote("(__fish_complete_directories (commandline -ct))") : nil
    }

    private static func quote(_ text: String) -> String {
        "'\(text.replacing(text: "\\", with: "\\\\").replacing(text: "'", with: "\\'"))'"
    }

    private static let template = #"""
        @HEADER@

        # Prints the path of the command that the word $argv[2] names within $argv[1]; fails if there is none.
        function __@ID@_enter
            switch "$argv[1]:$argv[2]"
        @ENTRIES@
                case '*'
                    return 1
            end
        end

        # Tells whether the option $argv[2] of the command $argv[1] takes a value.
        function __@ID@_valued
            switch "$argv[1]:$argv[2]"
                case @VALUED@
                    return 0
            end
            return 1
        end

        # Prints the path of the command before the cursor, and how many operands follow it.
        function __@ID@_state
            set -l words (commandline -opc)
            set -l command ''
            set -l operands 0
            set -l ended 0
            set -l due 0
            for word in $words[2..-1]
                if test $due -eq 1
                    set due 0
                    continue
                end
                # A lone dash and a negative number are operands.
                if test $ended -eq 0; and string match -qr -- '^-[^0-9.]' $word
                    switch $word
                        case --
                            set ended 1
                            continue
                        case '--*=*'
                            continue
                        case '--*'
                            __@ID@_valued $command $word; and set due 1
                            continue
                        case '*'
                            # In a bundle, the first letter that takes a value takes the rest of it.
                            set -l letters (string split '' -- (string sub -s 2 -- $word))
                            for index in (seq (count $letters))
                                if __@ID@_valued $command -$letters[$index]
                                    test $index -eq (count $letters); and set due 1
                                    break
                                end
                            end
                            continue
                    end
                end
                if set -l entered (__@ID@_enter $command $word)
                    set command $entered
                else
                    set operands (math $operands + 1)
                end
            end
            printf '%s\n' $command $operands
        end

        # Tells whether the cursor is in the command $argv[1], and at an operand such as `-eq 0` says.
        function __@ID@_at
            set -l state (__@ID@_state)
            test "$state[1]" = "$argv[1]"; or return 1
            test (count $argv) -eq 1; or test $state[2] $argv[2] $argv[3]
        end

        # Prints what the program lists for a topic, by the settings named on the line.
        function __@ID@_listed
            set -l words (commandline -opc)
            set -l listing
            set -l due 0
            for word in $words[2..-1]
                if test $due -eq 1
                    set -a listing (string replace -r '^~/' "$HOME/" -- $word)
                    set due 0
                    continue
                end
                switch $word
                    case --
                        break
                    case @CONTEXT@
                        set -a listing $word
                        set due 1
                    case @JOINED@
                        set -a listing $word
                end
            end
            # The value alone of an option with its value.
            set -l word (commandline -ct | string replace -r '^-[^=]*=?' '')
            command @PROGRAM@ $listing __complete $argv "$word" 2>/dev/null </dev/null
        end

        complete -c @PROGRAM@ -f
        @COMPLETE@

        """#
}
