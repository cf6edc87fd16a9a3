import CeleryCore

/// A chain about to be sent: assigns ids to its steps, and distributes its options to the first step, the last, or all.
struct CanvasChain {
    /// The options of the chain, merged with those of the sender.
    let options: JSONObject

    /// The steps in the order of running, with nested chains expanded.
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

    /// Gives the last step the options by which the surrounding group or chord waits for the chain.
    private func completeLast(_ step: inout Signature) {
        for name in ["group_id", "group_index", "chord"] {
            guard let value = options[name], !value.isNull else { continue }
            if name == "group_id", step.options[name]?.isNull == false { continue }
            step.options[name] = value
        }
        let callbacks = Self.list(options["link"])
        if !callbacks.isEmpty { step.extend("link", callbacks) }
    }

    /// The options of the first step, including its chain: the following steps, before the steps that follow the whole
    /// chain. The next step is last, so the following steps are at the end.
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
    /// Appends to a list option, creating it if absent.
    mutating func extend(_ option: String, _ values: [JSON]) {
        options[option] = .array(CanvasChain.list(options[option]) + values)
    }
}
