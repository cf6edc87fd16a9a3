import CeleryCore
import Processes
import Wire

extension ControlMethod {
    /// Commands to revoke or terminate tasks, with the answers of Python's workers.
    static let revoking = [
        ControlMethod("revoke") { shift, arguments in
            let ids = texts(arguments["task_id"])
            return await shift.revoke(ids, isTerminating: arguments["terminate"] == true, signal: arguments["signal"])
        },
        ControlMethod("terminate") { shift, arguments in
            await shift.revoke(texts(arguments["task_id"]), isTerminating: true, signal: arguments["signal"])
        },
        ControlMethod("revoke_by_stamped_headers") { shift, arguments in
            await shift.revoke(
                headers: arguments["headers"]?.objectValue ?? [:], isTerminating: arguments["terminate"] == true,
                signal: arguments["signal"])
        },
        ControlMethod("revoked", "dump_revoked") { shift, _ in .array(shift.revokedIDs) },
        // Python's workers send this to each other when they start.
        ControlMethod("hello") { shift, arguments in
            guard arguments["from_node"]?.stringValue != shift.configuration.identity.name else { return .null }
            // A list of ids, or an object from ids to times.
            let ids = arguments["revoked"]?.objectValue?.members.map(\.key) ?? texts(arguments["revoked"])
            await shift.commands.revoke(shift.revocations(of: ids, isTerminating: false, signal: nil))
            return ["revoked": .array(shift.revokedIDs), "clock": .int(Int64(shift.intake.taken))]
        },
    ]

    /// A list of strings, or a single string.
    private static func texts(_ value: JSON?) -> [String] {
        value?.stringValue.map { [$0] } ?? value?.arrayValue?.compactMap(\.stringValue) ?? []
    }
}

extension Shift {
    /// How long a revocation is remembered, as in Python's workers (CELERY_WORKER_REVOKE_EXPIRES).
    private static let memory: Duration = .seconds(10_800)

    fileprivate var revokedIDs: [JSON] { revocations.revocations.ids(now: now()).map { .string($0.text) } }

    fileprivate func revocations(of ids: [String], isTerminating: Bool, signal: JSON?) -> [Revocation] {
        let now = self.now()
        return ids.map { id in
            Revocation(
                .id(TaskID(id)), isTerminating: isTerminating, signal: Self.name(of: signal), issued: now, until: now + Self.memory)
        }
    }

    /// The name or number of a signal. Python sends a name, a number, or nothing.
    private static func name(of signal: JSON?) -> String {
        signal?.stringValue ?? signal?.intValue.map(String.init) ?? Revocation.defaultSignal
    }

    fileprivate func revoke(_ ids: [String], isTerminating: Bool, signal: JSON?) async -> JSON {
        let terminated = await commands.revoke(revocations(of: ids, isTerminating: isTerminating, signal: signal))
        if isTerminating { return Self.answer(terminated: terminated) }
        // Formatted like a Python set.
        let list = ids.distinct.map { PythonRepr.text(of: .string($0)) }.joined(separator: ", ")
        return ["ok": .string("tasks \(list.isEmpty ? "set()" : "{\(list)}") flagged as revoked")]
    }

    fileprivate func revoke(headers: JSONObject, isTerminating: Bool, signal: JSON?) async -> JSON {
        let now = self.now()
        var new: [Revocation] = []
        for (name, values) in headers.members {
            for value in values.arrayValue ?? [values] {
                // In Python, such a revocation also applies to tasks sent later.
                new.append(
                    Revocation(
                        .header(name, value: value.displayText), isTerminating: isTerminating, signal: Self.name(of: signal),
                        issued: now + Self.memory, until: now + Self.memory))
            }
        }
        let terminated = await commands.revoke(new)
        if isTerminating { return Self.answer(terminated: terminated) }
        return ["ok": .string("headers \(PythonRepr.kwargs(headers)) flagged as revoked, but not terminated")]
    }

    private static func answer(terminated: Set<TaskID>) -> JSON {
        if terminated.isEmpty { return ["ok": "terminate: tasks unknown"] }
        return ["ok": .string("terminate: \(terminated.map(\.text).sorted().joined(separator: ", "))")]
    }
}
