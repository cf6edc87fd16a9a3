import CeleryCore

/// The completion script for zsh: the file `_celery` on the `fpath`.
package enum ZshCompletion {
    /// The script; it also works when it is sourced after `compinit`.
    package static func render(_ table: CommandTable) -> String {
        let scopes = CompletionScope.all(of: table)
        return template
            .replacing(text: "@HEADER@", with: table.completionHeader("zsh"))
            .replacing(text: "@ENTRIES@", with: scopes.flatMap(entries).map { "        \($0)" }.joined(separator: "\n"))
            .replacing(text: "@VALUED@", with: valued(scopes, table))
            .replacing(text: "@GLOBALS@", with: table.globalOptions.flatMap { specs($0, table) }.map { "        \($0)" }.joined(separator: "\n"))
            .replacing(text: "@TOPICS@", with: CompletionTopic.allCases.map(lister).joined(separator: "\n"))
            .replacing(text: "@SCOPES@", with: scopes.map { branch($0, table) }.joined(separator: "\n"))
            .replacing(text: "@CONTEXT@", with: table.contextNames.joined(separator: " | "))
            .replacing(text: "@ID@", with: table.identifier)
            .replacing(text: "@PROGRAM@", with: table.program)
    }

    private static func entries(_ scope: CompletionScope) -> [String] {
        scope.entries.map { entry in
            "(\(entry.words.map { quote("\(scope.path):\($0)") }.joined(separator: " | "))) command=\(quote(entry.path)) ;;"
        }
    }

    private static func lister(_ topic: CompletionTopic) -> String { "_@ID@_\(topic.rawValue)() { _@ID@_listed \"$@\" \(topic.rawValue) }" }

    private static func valued(_ scopes: [CompletionScope], _ table: CommandTable) -> String {
        let own = scopes.flatMap { scope in
            scope.options.filter { $0.form == .value }.flatMap(\.names).map { quote("\(scope.path):\($0)") }
        }
        return (own + table.contextNames.map { "*:\($0)" }).joined(separator: " | ")
    }

    /// One branch of the script's `case $command`.
    private static func branch(_ scope: CompletionScope, _ table: CommandTable) -> String {
        var arguments = scope.options.flatMap { specs($0, table) }
        if scope.subcommands.isEmpty {
            arguments += scope.operands.enumerated().map { index, operand in
                // For an optional operand (`1::`), zsh would also offer the candidates of the next one.
                let position = operand.arity.repeats ? "*" : "\(index + 1)"
                return quote("\(position):\(escape(operand.name)):\(action(operand.completion, table))")
            }
        } else {
            arguments.append(quote("1:command:_\(table.identifier)_commands"))
        }
        let commands = scope.subcommands.map { quote("\(escape($0.name)):\($0.summary)") }
        let list = arguments.map { " \\\n            \($0)" }.joined()
        return """
                (\(quote(scope.path)))
                    commands=(\(commands.map { "\n            \($0)" }.joined())\(commands.isEmpty ? "" : "\n        "))
                    _arguments -s -S : "$globals[@]"\(list) && return ;;
            """
    }

    /// The specifications of an option for `_arguments`, one for each name, each excluding the others.
    private static func specs(_ option: OptionDescription, _ table: CommandTable) -> [String] {
        let exclusion = option.repeats ? "*" : "(\(option.names.joined(separator: " ")))"
        let help = option.help.replacing(text: "\\", with: "\\\\").replacing(text: "[", with: "\\[").replacing(text: "]", with: "\\]")
        return option.names.map { name in
            guard option.form == .value else { return quote("\(exclusion)\(name)[\(help)]") }
            let mark = name.hasPrefix("--") ? "=" : "+"
            return quote("\(exclusion)\(name)\(mark)[\(help)]:\(escape(option.placeholder ?? "")):\(action(option.completion, table))")
        }
    }

    private static func action(_ completion: CompletionKind, _ table: CommandTable) -> String {
        if let words = completion.words(in: table) { return "(\(words.joined(separator: " ")))" }
        if let topic = completion.topic { return "_\(table.identifier)_\(topic.rawValue)" }
        return switch completion {
        case .file: "_files"
        case .directory: "_files -/"
        default: " "
        }
    }

    private static func escape(_ text: String) -> String { text.replacing(text: ":", with: "\\:") }

    private static func quote(_ text: String) -> String { "'\(text.replacing(text: "'", with: "'\\''"))'" }

    private static let template = #"""
        #compdef @PROGRAM@
        @HEADER@

        # Goes from the command $command into the one that the word $1 names; fails if there is none.
        _@ID@_enter() {
            case "${command}:$1" in
        @ENTRIES@
                (*) return 1 ;;
            esac
        }

        # Tells whether the option $1 of the command $command takes a value.
        _@ID@_valued() {
            case "${command}:$1" in
                (@VALUED@) return 0 ;;
                (*) return 1 ;;
            esac
        }

        _@ID@_commands() { _describe -t commands command commands }

        # Completes what the program lists for the topic that is the last argument.
        _@ID@_listed() {
            local -a found
            found=(${(f)"$(command @PROGRAM@ "$listing[@]" __complete "${@[-1]}" "${(Q)PREFIX}" 2>/dev/null </dev/null)"})
            compadd "${@[1,-2]}" -a found
        }
        @TOPICS@

        _@ID@() {
            local command= word option letters ended=
            local -a listing globals commands
            local -i i first=1
            globals=(
        @GLOBALS@
            )

            # Walk the words before the cursor, to find the command and the settings it would use.
            for ((i = 2; i < CURRENT; i++)); do
                word=${(Q)words[i]}
                if [[ -n $ended ]]; then
                    _@ID@_enter "$word" && first=i
                    continue
                fi
                case $word in
                    (--) ended=1 ;;
                    (--*=*)
                        case ${word%%=*} in
                            (@CONTEXT@) listing+=("$word") ;;
                        esac ;;
                    (-[^0-9.]*)
                        option=$word letters=
                        # In a bundle, the first letter that takes a value takes the rest of it.
                        [[ $word == --* ]] || letters=${word#-}
                        while [[ -n $letters ]]; do
                            option=-${letters[1]} letters=${letters[2,-1]}
                            _@ID@_valued "$option" && break
                        done
                        if [[ -z $letters ]] && _@ID@_valued "$option"; then
                            ((++i == CURRENT)) && break
                            case $option in
                                (@CONTEXT@) listing+=("$option" "${${(Q)words[i]}/#\~\//$HOME/}") ;;
                            esac
                        fi ;;
                    (*) _@ID@_enter "$word" && first=i ;;
                esac
            done

            # What follows the innermost command is completed as a command line of its own.
            words=("${(@)words[first,-1]}")
            ((CURRENT -= first - 1))
            case $command in
        @SCOPES@
            esac
            return 1
        }

        if [[ $funcstack[1] == _@ID@ ]]; then
            _@ID@ "$@"
        else
            compdef _@ID@ @PROGRAM@
        fi

        """#
}
