extension LimitWait {
    /// The same for display: a key by which slots are counted is often the value of an argument.
    ///
    /// - Parameter arguments: Those of the message, if they are known.
    package func shown(_ redaction: Redaction, _ arguments: TaskArguments?) -> LimitWait {
        switch self {
        case .rate: self
        case .slot(let task, let key, let slots, let holders):
            .slot(task: task, key: Self.shown(key, redaction, arguments), of: slots, heldBy: holders)
        case .turn(let task, let key): .turn(task: task, key: Self.shown(key, redaction, arguments))
        }
    }

    private static func shown(_ key: String, _ redaction: Redaction, _ arguments: TaskArguments?) -> String {
        if key.isEmpty { return key }
        if redaction.leavesOutArguments { return Redaction.leftOut }
        let isSecret = arguments?.kwargs.members.contains { redaction.hides($0.key) && $0.value.displayText == key } ?? false
        return isSecret ? Redaction.mark : redaction.applied(to: key)
    }
}
