import Testing

/// A shell in which a line is completed, with the script that `celery completion` prints.
enum InteractiveShell: String, CaseIterable, CustomTestStringConvertible {
    case bash, zsh, fish

    var testDescription: String { rawValue }

    /// What the shell offers for the last word of a line.
    func complete(_ line: String, in project: Project) throws -> [String] {
        let ended =
            switch self {
            case .bash: try project.run(Self.inBash, with: ["LINE": line])
            case .zsh: try project.run(Self.inZsh, with: ["LINE": line, "SPY": Self.spy])
            case .fish: try project.run("fish --no-config -c 'celery completion fish | source; complete -C $LINE'", with: ["LINE": line])
            }
        #expect(ended.errors == "")
        // fish adds what the word means after a tab.
        return ended.lines.map { String($0.prefix { $0 != "\t" }) }.sorted()
    }

    private static let inBash = #"""
        source <(celery completion bash)
        COMP_LINE=$LINE COMP_POINT=${#LINE}
        read -ra COMP_WORDS <<<"$LINE"
        [[ $LINE == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _celery
        ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
        """#

    /// On a terminal, where every match goes through `compadd`; the line is then dropped.
    private static let inZsh = #"""
        mkdir -p "$HOME/zsh" && celery completion zsh >"$HOME/zsh/_celery" && printf '%s' "$SPY" >"$HOME/spy" && : >"$HOME/matches"
        zsh -f -c '
            zmodload zsh/zpty
            zpty terminal env -u PROMPT zsh -f -i
            zpty -w terminal "PS1=\"REA\"\"DY\"; fpath=($HOME/zsh \$fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=10000; setopt no_auto_list no_auto_menu; source $HOME/spy"
            zpty -r terminal seen "*READY*"
            zpty -n -w terminal "$LINE"$'"'\\t\\x15'"'
            zpty -w terminal "echo DO\"\"NE"
            zpty -r terminal seen "*DONE*"
            zpty -d terminal'
        cat "$HOME/matches"
        """#

    /// Calls that only filter an array pass by.
    private static let spy = #"""
        compadd() {
            local -a seen
            if [[ ${@[1,(i)(-|--)]} != *-[[:alpha:]]#[OAD]\ * ]]; then
                builtin compadd -O seen "$@"
                ((${#seen})) && print -rl -- $IPREFIX${^seen} >>~/matches
            fi
            builtin compadd "$@"
        }
        """#
}
