# Makes nbft-connect-discovery@.service from nbft-connect@.service.
1d
s/^Description=.*/Description=NVMe\/TCP connections from discovery controller %i of the firmware's NBFT/
s/--ssns/--discovery/
# The command reads the log through the controller's own device, and disconnects the controller through sysfs.
s/^CapabilityBoundingSet=.*/&CAP_SYS_ADMIN/
/^DeviceAllow=/a DeviceAllow=char-nvme rw
/^ProtectKernelTunables=/d
