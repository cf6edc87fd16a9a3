/// The decoded body of a message: arguments and workflow.
public struct TaskArguments: Sendable, Equatable {
    public var args: [JSON]
    public var kwargs: JSONObject
    public var embed: Embed

    public init(args: [JSON] = [], kwargs: JSONObject = [:], embed: Embed = Embed()) {
        self.args = args
        self.kwargs = kwargs
        self.embed = embed
    }

    /// The workflow around a task (`task-v2-*` in `Tests/Golden`).
    public struct Embed: Sendable, Equatable {
        /// Signatures sent with the return value on success (`link`).
        public var callbacks: [Signature]
        /// Signatures sent with the failed id on failure (`link_error`).
        public var errbacks: [Signature]
        /// The remaining steps of a chain, **next step last**.
        public var chain: [Signature]
        /// Runs when every member of the group is done.
        public var chord: Signature?

        public init(
            callbacks: [Signature] = [], errbacks: [Signature] = [], chain: [Signature] = [],
            chord: Signature? = nil
        ) {
            self.callbacks = callbacks
            self.errbacks = errbacks
            self.chain = chain
            self.chord = chord
        }

        public var isEmpty: Bool {
            callbacks.isEmpty && errbacks.isEmpty && chain.isEmpty && chord == nil
        }
    }
}

/// A task with some of its arguments, to be sent later (`canvas-*` in `Tests/Golden`).
public struct Signature: Sendable, Equatable {
    public var task: String
    public var args: [JSON]
    public var kwargs: JSONObject
    /// `task_id`, `queue`, `countdown`, `link`, ... as in Python.
    public var options: JSONObject
    /// `chain`, `group`, `chord`, ...; `nil` for a plain task.
    public var subtaskType: String?
    /// An immutable signature does not take the result of the previous task.
    public var isImmutable: Bool

    public init(
        task: String, args: [JSON] = [], kwargs: JSONObject = [:], options: JSONObject = [:],
        subtaskType: String? = nil, isImmutable: Bool = false
    ) {
        self.task = task
        self.args = args
        self.kwargs = kwargs
        self.options = options
        self.subtaskType = subtaskType
        self.isImmutable = isImmutable
    }
}
