# `lib`: names and meanings as documented in nixpkgs, only those that are used.
let
  inherit (builtins)
    all
    any
    attrNames
    attrValues
    concatLists
    concatMap
    concatStringsSep
    elem
    filter
    foldl'
    hasAttr
    head
    isAttrs
    isList
    listToAttrs
    map
    match
    pathExists
    readFile
    replaceStrings
    stringLength
    substring
    ;

  base = rec {
    inherit
      all
      any
      attrNames
      attrValues
      concatLists
      concatMap
      concatStringsSep
      elem
      filter
      foldl'
      hasAttr
      head
      isAttrs
      isList
      listToAttrs
      map
      ;

    genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
    nameValuePair = name: value: { inherit name value; };
    mapAttrs = builtins.mapAttrs;
    mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
    mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
    filterAttrs =
      keep: set:
      listToAttrs (
        concatMap (name: optional (keep name set.${name}) (nameValuePair name set.${name})) (attrNames set)
      );
    optional = condition: value: if condition then [ value ] else [ ];
    optionalAttrs = condition: set: if condition then set else { };
    optionalString = condition: text: if condition then text else "";
    unique = foldl' (seen: value: if elem value seen then seen else seen ++ [ value ]) [ ];

    hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
    concatMapStringsSep =
      separator: f: list:
      concatStringsSep separator (map f list);
    concatStrings = concatStringsSep "";
    escapeShellArg =
      value:
      if match "[[:alnum:],._+:@%/-]+" (toString value) != null then
        toString value
      else
        "'${replaceStrings [ "'" ] [ "'\\''" ] (toString value)}'";
    escapeShellArgs = concatMapStringsSep " " escapeShellArg;
    makeBinPath = concatMapStringsSep ":" (package: "${package}/bin");
    versionAtLeast = have: want: builtins.compareVersions have want >= 0;
    importTOML = path: builtins.fromTOML (readFile path);
    getExe = package: "${package}/bin/${package.meta.mainProgram}";

    licenses = {
      mit.spdxId = "MIT";
      asl20.spdxId = "Apache-2.0";
    };
    platforms.linux = [
      "x86_64-linux"
      "aarch64-linux"
    ];

    # A set of files is the list of the paths below which they lie.
    fileset = {
      unions = concatMap (
        entry:
        if isList entry then
          entry
        else if pathExists entry then
          [ (toString entry) ]
        else
          throw "lib.fileset.unions: ${toString entry} does not exist"
      );
      toSource =
        { root, fileset }:
        let
          within = folder: path: path == folder || hasPrefix "${folder}/" path;
        in
        builtins.path {
          path = root;
          name = "source";
          filter = path: _type: any (wanted: within wanted path || within path wanted) fileset;
        };
    };
  };
in
base // import ./modules.nix base
