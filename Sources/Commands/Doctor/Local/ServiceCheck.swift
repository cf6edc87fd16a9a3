import CeleryCore
import Glibc
import Processes

/// Whether the units of systemd that run this project stop a worker gently, and start it at boot.
struct ServiceCheck: LocalCheck {
    let name = "systemd"
    /// Where units are, in the order of precedence.
    var folders = ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
    /// It exists where systemd runs (sd_booted(3)).
    var sign = "/run/systemd/system"

    func findings(_ patient: Patient) -> [Finding] {
        guard FileFacts(sign) != nil else { return [finding(.ok, "systemd does not run here")] }
        let folder = patient.settings.projectFolder
        return findings(project: folder.hasSuffix("/") && folder != "/" ? String(folder.dropLast()) : folder)
    }

    func findings(project: String) -> [Finding] {
        let enabled = enabledUnits
        let units = self.units(enabled).filter { $0.runs(in: project) }
        guard !units.isEmpty else { return [finding(.ok, "no unit runs this project")] }
        return units.flatMap { findings($0, isEnabled: enabled.contains($0.name)) }
    }

    private func findings(_ unit: UnitFile, isEnabled: Bool) -> [Finding] {
        var found: [Finding] = []
        if unit.isWorker, !["mixed", "process"].contains(unit.values["KillMode"] ?? "control-group") {
            found.append(
                finding(.warning, "\(unit.name) ends running tasks when it is stopped", hint: "KillMode=mixed in systemctl edit \(unit.name)"))
        }
        if unit.isWorker, ["root", "0"].contains(unit.values["User"] ?? "root") {
            found.append(finding(.warning, "\(unit.name) runs its worker as root", hint: "User=… in systemctl edit \(unit.name)"))
        }
        if !isEnabled {
            found.append(finding(.warning, "\(unit.name) is not enabled, and does not start at boot", hint: "systemctl enable \(unit.name)"))
        }
        return found.isEmpty ? [finding(.ok, "\(unit.name) runs this project, and starts at boot")] : found
    }

    /// The names of the units that other units want, with instances of templates among them.
    private var enabledUnits: Set<String> {
        var names: Set<String> = []
        for folder in folders {
            for wants in FolderNames.of(folder) where wants.hasSuffix(".wants") || wants.hasSuffix(".requires") {
                names.formUnion(FolderNames.of("\(folder)/\(wants)").filter { $0.hasSuffix(".service") })
            }
        }
        return names
    }

    /// All services with "celer" in their names, and instances of such templates: other names would mean reading every unit.
    private func units(_ enabled: Set<String>) -> [UnitFile] {
        let files = folders.flatMap { FolderNames.of($0) }.filter { $0.hasSuffix(".service") }
        let names = Set(files + enabled).filter { $0.contains(text: "celer") && !$0.hasSuffix("@.service") }
        return names.sorted().compactMap(unit)
    }

    private func unit(_ name: String) -> UnitFile? {
        let template = name.utf8.firstIndex(of: UInt8(ascii: "@")).map { name[...$0] + ".service" }
        let names = [name] + (template.map { [String($0)] } ?? [])
        let drops = names.reversed().flatMap { name in folders.reversed().map { "\($0)/\(name).d" } }
        for file in names {
            for folder in folders {
                if let unit = UnitFile(name: name, path: "\(folder)/\(file)", drops: drops) { return unit }
            }
        }
        return nil
    }
}
