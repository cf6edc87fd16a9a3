extension OptionValues {
    /// The valid options in a message that override those of the task.
    ///
    /// Most messages set none, and this runs for every task: check the fields before their rows.
    package init(saidBy message: Message) {
        for (name, value) in message.headers.members {
            if let option = TaskOptionTable.byHeader[name], option.overrides { option.hear(value, into: &self) }
        }
        guard message.hardTimeLimit != nil || message.softTimeLimit != nil || message.ignoreResult != nil else { return }
        for option in TaskOptionTable.withReadableField { option.hear(fieldOf: message, into: &self) }
    }

    /// Writes all values to the fields and headers of a message.
    package func write(to message: inout Message) {
        for option in options { option.write(self, to: &message) }
    }

    /// The values as an object by option name, as in the settings and for pool children.
    package var json: JSONObject {
        var object = JSONObject()
        for option in options { object[option.name] = option.json(in: self) }
        return object
    }

    /// Parses the form of `json`. Invalid values are skipped.
    package init(json: JSONObject) {
        for (name, value) in json.members { TaskOptionTable.named(name)?.hear(value, into: &self) }
    }
}
