import CeleryCore

/// The completion script for bash 3.2 and later, without other dependencies.
package enum BashCompletion {
    /// The script, for `source` or a folder of completions.
    package static func render(_ table: CommandTable) -> String {
        let scopes = CompletionScope.all(of: table)
        return template
            .replacing(text: "@HEADER@", with: table.completionHeader("bash"))
            .replacing(text: "@ENTRIES@", with: entries(scopes))
            .replacing(text: "@KINDS@", with: kinds(scopes, table))
            .replacing(text: "@OPERANDS@", with: operands(scopes, table))
            .replacing(text: "@WORDS@", with: words(scopes, table))
            .replacing(text: "@CONTEXT@", with: table.contextNames.joined(separator: " | "))
            .replacing(text: "@ID@", with: table.identifier)
            .replacing(text: "@PROGRAM@", with: table.program)
    }

    private static func entries(_ scopes: [CompletionScope]) -> String {
        lines(scopes.flatMap { scope in
            scope.entries.map { entry in
                "\(patterns(scope.path, entry.words)) command='\(entry.path)' ;;"
            }
        })
    }

    private static func kinds(_ scopes: [CompletionScope], _ table: CommandTable) -> String {
        let own = scopes.flatMap { scope in scope.options.map { (patterns(scope.path, $0.names), $0) } }
        let global = table.globalOptions.map { option in
            (option.names.map { "*:\($0)" }.joined(separator: " | ") + ")", option)
        }
        return lines((own + global).compactMap { patterns, option in
            option.form == .value ? "\(patterns) kind=\(kind(option.completion, table)) ;;" : nil
        })
    }

    private static func operands(_ scopes: [CompletionScope], _ table: CommandTable) -> String {
        lines(scopes.flatMap { scope in
            scope.operands.enumerated().map { position, operand in
                "'\(scope.path):'\(operand.arity.repeats ? "*" : "\(position)")) kind=\(kind(operand.completion, table)) ;;"
            }
        })
    }

    private static func words(_ scopes: [CompletionScope], _ table: CommandTable) -> String {
        lines(scopes.map { scope in
            let options = (scope.options + table.globalOptions).flatMap(\.names).joined(separator: " ")
            let commands = scope.subcommands.map(\.name).joined(separator: " ")
            return "'\(scope.path)') commands='\(commands)' options='\(options)' ;;"
        })
    }

    /// The value of the script's variable `kind`: `none`, `file`, `directory`, `=` and words, or a topic of `__complete`.
    private static func kind(_ completion: CompletionKind, _ table: CommandTable) -> String {
        if let words = completion.words(in: table) { return "'=\(words.joined(separator: " "))'" }
        if let topic = completion.topic { return topic.rawValue }
        return switch completion {
        case .file: "file"
        case .directory: "directory"
        default: "none"
        }
    }

    /// A `case` pattern for words of a command: `'beat next:-n' | 'beat next:--count')`.
    private static func patterns(_ path: String, _ words: [String]) -> String {
        words.map { "'\(path):\($0)'" }.joined(separator: " | ") + ")"
    }

    private static func lines(_ lines: [String]) -> String {
        lines.map { "        \($0)" }.joined(separator: "\n")
    }

    private static let template = #"""
        @HEADER@

        # Goes from the command $command into the one that the word $1 names; fails if there is none.
        _@ID@_enter() {
            case "$command:$1" in
        @ENTRIES@
                *) return 1 ;;
            esac
        }

        # Sets kind to what the value of the option $1 is; to nothing if the option takes none.
        _@ID@_option() {
            kind=
            case "$command:$1" in
        @KINDS@
                *) ;;
            esac
        }

        # Sets kind to what the operand at position $1 is.
        _@ID@_operand() {
            kind=none
            case "$command:$1" in
        @OPERANDS@
                *) ;;
            esac
        }

        # Sets commands and options to the words that may follow.
        _@ID@_words() {
            case "$command" in
        @WORDS@
            esac
        }

        # Prints the candidates of kind $1 for the value $2, one a line.
        _@ID@_candidates() {
            local word
            case "$1" in
                none) ;;
                file) compgen -f -- "$2" ;;
                directory) compgen -d -- "$2" ;;
                =*) for word in ${1#=}; do printf '%s\n' "$word"; done ;;
                *) command @PROGRAM@ ${context[@]+"${context[@]}"} __complete "$1" "$2" 2>/dev/null </dev/null ;;
            esac
        }

        _@ID@() {
            local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} word raw i last=-1
            local -a words context
            words=() context=() COMPREPLY=()
            # Bash splits words at = and : as well; join what the line does not separate.
            for ((i = 0; i <= COMP_CWORD; i++)); do
                raw=${COMP_WORDS[i]}
                if ((i == 0)) || [[ $line == [[:blank:]]* || -z $line ]]; then
                    words[++last]=
                fi
                line=${line#"${line%%[![:blank:]]*}"}
                # The word under the cursor ends at the cursor.
                [[ $line == "$raw"* ]] || raw=$line
                line=${line#"$raw"}
                words[last]+=$raw
            done

            # Walk the words before the cursor.
            local command= commands= options= option letters kind= due= ended= operands=0
            for ((i = 1; i < last; i++)); do
                word=${words[i]}
                if [[ -n $ended ]]; then
                    _@ID@_enter "$word" || ((operands++))
                    continue
                fi
                case $word in
                    --) ended=1 ;;
                    --*=*)
                        case ${word%%=*} in
                            @CONTEXT@) context+=("$(_@ID@_unquote "$word")") ;;
                        esac ;;
                    -[!0-9.]*)
                        option=$word letters=
                        _@ID@_option "$option"
                        # In a bundle, the first letter that takes a value takes the rest of it.
                        [[ $word == --* ]] || letters=${word#-}
                        while [[ -n $letters ]]; do
                            option=-${letters:0:1} letters=${letters:1}
                            _@ID@_option "$option"
                            [[ -z $kind ]] || break
                        done
                        if [[ -n $kind && -z $letters ]]; then
                            if ((++i == last)); then due=$kind; break; fi
                            case $option in
                                @CONTEXT@) context+=("$option" "$(_@ID@_unquote "${words[i]}")") ;;
                            esac
                        fi ;;
                    *) _@ID@_enter "$word" || ((operands++)) ;;
                esac
            done

            # Find what the word under the cursor may become.
            local current=${words[last]} lead= value candidate
            value=$current
            _@ID@_words
            if [[ -n $due ]]; then
                kind=$due
            elif [[ -z $ended && $current == --*=* ]]; then
                lead=${current%%=*}=
                value=${current#*=}
                _@ID@_option "${lead%=}"
                [[ -n $kind ]] || kind=none
            elif [[ -z $ended && $current == -* ]]; then
                kind="=$options"
            elif [[ -n $commands ]]; then
                ((operands == 0)) || return 0
                kind="=$commands"
            else
                _@ID@_operand "$operands"
            fi
            case $kind in
                file | directory) compopt -o filenames 2>/dev/null ;;
            esac

            # Readline replaces only what follows the last = or :, or what begins with the last @, so answer with that part alone.
            local kept=$current
            case $raw in
                [=:]*) ;;
                *) kept=${current%"$raw"} kept=${kept%@} ;;
            esac
            while IFS= read -r candidate; do
                [[ $candidate == "$value"* ]] || continue
                case $kind in
                    file | directory) ;;
                    *) printf -v candidate %q "$candidate"; candidate=${candidate//\\,/,} ;;
                esac
                candidate=$lead$candidate
                COMPREPLY+=("${candidate#"$kept"}")
            done < <(_@ID@_candidates "$kind" "$value")
        }

        # Prints the word $1 without the quotes of the shell, which is not asked to expand anything.
        _@ID@_unquote() {
            local word=${1//[\\\'\"]/}
            case $word in
                '~/'*) word=$HOME/${word#??} ;;
            esac
            printf '%s' "$word"
        }

        complete -F _@ID@ @PROGRAM@

        """#
}
