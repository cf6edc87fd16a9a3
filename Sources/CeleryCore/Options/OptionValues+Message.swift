extension OptionValues {
    /// What a message says, as far as it makes sense and takes the place of what the task says.
    ///
    /// Few messages say anything, and this is done for every task: so the fields are looked at before their rows are.
    package init(saidBy message: Message) {
        for (name, value) in message.headers.members {
            if let option = TaskOptionTable.byHeader[name], option.overrides { option.hear(value, into: &self) }
        }
        guard message.hardTimeLimit != nil || message.softTimeLimit != nil || message.ignoreResult != nil else { return }
        for option in TaskOptionTable.withReadableField { option.hear(fieldOf: message, into: &self) }
    }

    /// Writes everything to the message, in its fields and headers.
    package func write(to message: inout Message) {
        for option in options { option.write(self, to: &message) }
    }

    /// The values as an object by option name, as the settings and a pool child have it.
    package var json: JSONObject {
        var object = JSONObject()
        for option in options { object[option.name] = option.json(in: self) }
        return object
    }

    /// What `json` gives. What makes no sense is passed over.
    package init(json: JSONObject) {
        for (name, value) in json.members { TaskOptionTable.named(name)?.hear(value, into: &self) }
    }
}
