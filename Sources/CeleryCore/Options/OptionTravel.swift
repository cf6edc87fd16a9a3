/// How the value of an option reaches the worker with a message.
package enum OptionTravel<Value: Sendable>: Sendable {
    /// Not at all: only the task says it.
    case nowhere
    /// In a header of this name. These headers are ours; Python passes them on as it found them.
    case header(String)
    /// In a field that every message has, under the name that Python's protocol gives it.
    ///
    /// `read` is `nil` where a worker does not override the task with the field, because whoever sent the message
    /// has taken the task's option into account.
    case field(write: @Sendable (Value, inout Message) -> Void, read: (@Sendable (Message) -> Value?)? = nil)
}
