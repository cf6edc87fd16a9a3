import CeleryCore

/// A chain about to be sent: its steps get ids, and its options go where they belong,
/// some to the first step, some to the last, some to all.
struct CanvasChain {
    /// The options of the chain, merged with those of its sender.
    let options: JSONObject

    /// The steps in the order of running, chains within the chain taken apart.
    func steps(
        of chain: Signature, makeID: @Sendable () -> TaskID
    ) throws(InvalidSignature) -> [Signature]? {
        var steps = try Self.flattened(chain)
        guard !steps.isEmpty else { return nil }
        let errbacks = Self.list(options["link_error"])
        for index in steps.indices {
            let isLast = index == steps.count - 1
            if steps[index].options["task_id"]?.stringValue == nil {
                let id = isLast ? options["task_id"]?.stringValue : nil
                steps[index].options["task_id"] = .string(id ?? makeID().text)
            }
            if !errbacks.isEmpty { steps[index].extend("link_error", errbacks) }
        }
        completeLast(&steps[steps.count - 1])
        return steps
    }

    /// The last step is what the group or chord around the chain waits for.
    private func completeLast(_ step: inout Signature) {
        for name in ["group_id", "group_index", "chord"] {
            guard let value = options[name], !value.isNull else { continue }
            if name == "group_id", step.options[name]?.isNull == false { continue }
            step.options[name] = value
        }
        let callbacks = Self.list(options["link"])
        if !callbacks.isEmpty { step.extend("link", callbacks) }
    }

    /// What the first step is sent with: the steps that follow it, before those that
    /// follow the chain. The next step stands last, so they go to the end.
    func firstOptions(following steps: some BidirectionalCollection<Signature>) -> JSONObject {
        var options = options
        for name in ["task_id", "group_id", "group_index", "chord", "link", "link_error"] { options[name] = nil }
        let rest = Self.list(options["chain"]) + steps.reversed().map(SignatureCodec.json)
        options["chain"] = rest.isEmpty ? nil : .array(rest)
        return options
    }

    private static func flattened(_ chain: Signature) throws(InvalidSignature) -> [Signature] {
        var steps: [Signature] = []
        for step in try SignatureCodec.signatures(chain.kwargs["tasks"]) {
            if CanvasKind(of: step) == .chain {
                steps += try flattened(step)
            } else {
                steps.append(step)
            }
        }
        return steps
    }

    static func list(_ value: JSON?) -> [JSON] {
        guard let value, !value.isNull else { return [] }
        return value.arrayValue ?? [value]
    }
}

extension Signature {
    /// Adds to an option that is a list, whether or not it is there.
    mutating func extend(_ option: String, _ values: [JSON]) {
        options[option] = .array(CanvasChain.list(options[option]) + values)
    }
}
