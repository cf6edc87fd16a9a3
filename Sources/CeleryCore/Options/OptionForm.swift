/// How an option stands on a command line, where that differs from `--its-name VALUE`.
package struct OptionForm: Sendable {
    /// Its long name without dashes; `nil` is the option's own name with hyphens.
    package var long: String?
    /// Its name after a single dash.
    package var short: Character?
    /// Whether it takes no value: being there says `true`.
    package var isFlag = false
    /// Whether each occurrence adds to those before.
    package var repeats = false
    /// What stands for the value in help texts; `nil` leaves it to the kind of value.
    package var placeholder: String?
    /// Settings that decide when the option is not given.
    package var settings: [String] = []
}
