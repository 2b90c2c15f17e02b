// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// `settings`: documents what a configuration can say.
struct SettingsVerb {
    let application: ConnectorApplication
    let options: CommandLineOptions

    func execute() throws -> ApplicationStatus {
        guard options.operands.count <= 1 else {
            throw CommandLineOptions.UsageError(message: "'settings' takes one type, not \(options.operands.count)")
        }
        let documentation = ConfigurationDocumentation(application.registry)
        let types = try types(documentation)
        switch options["--format"] {
        case "json-schema"?:
            let schema = options.operands.isEmpty ? documentation.schema : documentation.schema(of: types)
            try application.console.output(StructuredValue.object(schema).indentedJSON + "\n")
        case "markdown"?:
            try application.console.output(documentation.markdown(of: types))
        default:
            let text = options.operands.isEmpty ? documentation.overview : documentation.help(of: types)
            try application.console.output(text)
        }
        return .done
    }

    private func types(_ documentation: ConfigurationDocumentation) throws -> [ConfigurationDocumentation.TypeEntry] {
        guard let name = options.operands.first else { return documentation.types }
        let found = documentation.types.filter { $0.type == name }
        guard found.isEmpty else { return found }
        let names = documentation.types.map(\.type)
        let advice = NearestName.advice(for: name, among: names)
        let list = "; there are \(Set(names).sorted().joined(separator: ", "))"
        throw CommandLineOptions.UsageError(message: "'\(name)' is no type\(advice.isEmpty ? list : advice)")
    }
}
