/// How an option is written on a command line, where that differs from `--its-name VALUE`.
package struct OptionForm: Sendable {
    /// Its long name without dashes; `nil` uses the option's name with hyphens.
    package var long: String?
    /// Its name after a single dash.
    package var short: Character?
    /// Whether it takes no value: its presence means `true`.
    package var isFlag = false
    /// Whether each occurrence adds to earlier ones.
    package var repeats = false
    /// Placeholder in help texts; `nil` uses that of the value's kind.
    package var placeholder: String?
    /// Settings that apply when the option is not given.
    package var settings: [String] = []
}
