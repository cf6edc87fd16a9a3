/// How a message carries the value of an option to the worker.
package enum OptionTravel<Value: Sendable>: Sendable {
    /// Not at all: only the task sets it.
    case nowhere
    /// In a header of this name. These headers are ours; Python passes them on unchanged.
    case header(String)
    /// In a message field, under its name in Python's protocol.
    ///
    /// `read` is `nil` where the field does not override the task's option, because the sender has already taken that option into
    /// account.
    case field(write: @Sendable (Value, inout Message) -> Void, read: (@Sendable (Message) -> Value?)? = nil)
}
