import CeleryCore

extension ControlMethod {
    /// Commands about the pool children.
    static let poolCommands = [
        ControlMethod("pool_grow") { shift, arguments in try shift.resize("pool_grow", arguments, sign: 1) },
        ControlMethod("pool_shrink") { shift, arguments in try shift.resize("pool_shrink", arguments, sign: -1) },
        ControlMethod("pool_restart") { shift, arguments in
            let arguments = ControlArguments("pool_restart", arguments)
            // Tasks are programs, so there are no Python modules to reload.
            guard try arguments.texts("modules")?.isEmpty ?? true, arguments["reloader"] == nil else {
                throw ControlError.value("tasks here are programs; there are no modules to reload")
            }
            shift.log.commanded("Replacing all pool children by remote control")
            shift.pool.replaceAll()
            return ["ok": "reload started"]
        },
        ControlMethod("autoscale") { shift, arguments in
            let arguments = ControlArguments("autoscale", arguments)
            let (most, least) = (try arguments.integer("max"), try arguments.integer("min"))
            guard let range = try shift.scaler.setRange(most: most, least: least) else { throw ControlError.value("Autoscale not enabled") }
            shift.log.commanded("Autoscale now max=\(range.most) min=\(range.least) by remote control")
            return ["ok": .string("autoscale now max=\(range.most) min=\(range.least)")]
        },
    ]
}

extension Shift {
    /// Adds children, or retires some as soon as they have no jobs.
    fileprivate func resize(_ method: String, _ arguments: JSONObject, sign: Int) throws -> JSON {
        if scaler.range != nil {
            throw ControlError(description: "\(method) is not supported with autoscale. Adjust autoscale range instead.")
        }
        let count = try ControlArguments(method, arguments).integer("n") ?? 1
        guard count > 0 else { throw ControlError.value("n must be more than 0, not \(count)") }
        let size = scaler.size
        let (new, isTooMuch) = size.addingReportingOverflow(sign * min(count, AutoscaleRange.limit * 2))
        guard !isTooMuch, (1...AutoscaleRange.limit).contains(new) else {
            throw ControlError.value("the pool has \(size) processes; its size must be from 1 to \(AutoscaleRange.limit)")
        }
        log.commanded("Pool \(sign > 0 ? "grows" : "shrinks") from \(size) to \(new) by remote control")
        scaler.grow(by: new - size)
        return ["ok": sign > 0 ? "pool will grow" : "pool will shrink"]
    }
}
